package org.millrace.contract.kafka;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.millrace.contract.UserException;

/** Waits for a broker's answers to an administrator's requests, and puts its refusals in words. */
final class AdminAnswers {
    private final String bootstrapServers;
    private final int timeoutMillis;

    AdminAnswers(String bootstrapServers, int timeoutMillis) {
        this.bootstrapServers = bootstrapServers;
        this.timeoutMillis = timeoutMillis;
    }

    /** The answer, once it comes. Throws {@link UserException} where the broker refuses or is silent, but for three refusals that callers expect. */
    <T> T await(KafkaFuture<T> future) {
        try {
            return future.get(timeoutMillis + 5_000L, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException unknown) {
                throw unknown;
            }
            if (e.getCause() instanceof TopicExistsException exists) {
                throw exists;
            }
            if (e.getCause() instanceof InvalidReplicationFactorException tooFew) {
                throw tooFew;
            }
            throw unreachable(e);
        } catch (TimeoutException e) {
            throw unreachable(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException(e);
        }
    }

    /** That the broker refuses or does not answer, and why. */
    UserException unreachable(Exception e) {
        Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
        if (cause instanceof ApiException && !BrokerWords.isSilence(cause)) {
            return new UserException(
                    "the broker at " + bootstrapServers + " refuses: " + BrokerWords.of(cause)
                            + "\nCheck its settings, its user's rights and the kafka.* settings here.",
                    e);
        }
        return new UserException(
                "the broker at " + bootstrapServers + " does not answer: " + BrokerWords.of(e)
                        + "\nCheck --bootstrap-server and that the broker runs; without --bootstrap-server Millrace starts its own.",
                e);
    }
}
