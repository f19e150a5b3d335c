package org.millrace.app.broker;

import java.nio.file.Path;
import org.apache.kafka.common.utils.Exit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces Kafka's own exit and halt of the process, which it calls on a fatal error (a full or failing disk), by a clear error and an
 * orderly exit with code 1.
 */
final class BrokerFaults {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final long GRACE_MILLIS = 10_000;
    private static final ThreadLocal<Boolean> STARTING = ThreadLocal.withInitial(() -> false);

    private BrokerFaults() {}

    /** Makes a fatal error end the process with a message that names the folder. Applies to the whole process. */
    static void endProcess(Path folder) {
        Exit.Procedure procedure = (status, message) -> {
            if (STARTING.get()) {
                return; // Kafka then throws the cause
            }
            LOG.error(
                    "the embedded broker failed and cannot go on{}. The disk of {} may be full or failing;"
                            + " acknowledged records are kept there. Fix the cause and start again.",
                    message == null ? "" : " (" + message + ")",
                    folder);
            Thread lastResort = new Thread(BrokerFaults::haltAfterGrace, "broker-fault");
            lastResort.setDaemon(true);
            lastResort.start();
            System.exit(1);
        };
        Exit.setExitProcedure(procedure);
        Exit.setHaltProcedure(procedure);
    }

    /** Starts a broker; a failure on this thread while it starts, such as a taken port, is thrown and does not end the process. */
    static void start(Runnable startup) {
        STARTING.set(true);
        try {
            startup.run();
        } finally {
            STARTING.remove();
        }
    }

    /** Shutdown hooks may wait for the thread that failed. */
    private static void haltAfterGrace() {
        try {
            Thread.sleep(GRACE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(1);
    }
}
