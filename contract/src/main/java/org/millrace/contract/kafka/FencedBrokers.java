package org.millrace.contract.kafka;

import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;

/**
 * The controller fences a broker that it has not heard from for a while, as on a busy machine it may, and takes it back with its next
 * heartbeat. Until then it refuses to create topics.
 */
final class FencedBrokers {
    private static final long PAUSE_MILLIS = 250; // the embedded broker's heartbeat

    private FencedBrokers() {}

    /** Does it, again and again while all brokers are fenced, in pauses of so long together at most; then throws what Kafka threw. */
    static void await(Runnable creation, long patienceMillis) {
        await(creation, patienceMillis / PAUSE_MILLIS, PAUSE_MILLIS);
    }

    /** @param pauses at most, so long each */
    static void await(Runnable creation, long pauses, long pauseMillis) {
        for (long left = pauses; ; left--) {
            try {
                creation.run();
                return;
            } catch (InvalidReplicationFactorException e) {
                if (left == 0 || !String.valueOf(e.getMessage()).contains("fenced")) {
                    throw e;
                }
            }
            pause(pauseMillis);
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException(e);
        }
    }
}
