package org.millrace.app.broker;

import java.nio.file.Path;
import org.apache.kafka.common.utils.Exit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns Kafka's own exit and halt of the process, which it calls when it cannot go on (a full or failing disk), into a clear error and
 * an orderly exit with code 1.
 */
final class BrokerFaults {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final long GRACE_MILLIS = 10_000;
    private static final ThreadLocal<Boolean> STARTING = ThreadLocal.withInitial(() -> false);

    private BrokerFaults() {}

    /** From now on a fault ends the process with an error that names the folder. Applies to the whole process. */
    static void endProcess(Path folder) {
        Exit.Procedure procedure = (status, message) -> {
            if (STARTING.get()) {
                return; // Kafka then throws what went wrong
            }
            LOG.error(
                    "the embedded broker failed and cannot go on{}. The disk of {} may be full or failing;"
                            + " what was acknowledged is kept there. Mend the cause and start again.",
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

    /** Starts a broker: what keeps it from that on this thread, such as a port that is taken, is thrown and ends no process. */
    static void start(Runnable startup) {
        STARTING.set(true);
        try {
            startup.run();
        } finally {
            STARTING.remove();
        }
    }

    /** Shutdown hooks may wait for the very thread that failed. */
    private static void haltAfterGrace() {
        try {
            Thread.sleep(GRACE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(1);
    }
}
