package org.millrace.trainer.stream;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;

/**
 * Asks the broker every two seconds whether it is there, and reports each change once: clients themselves wait silently. Asks too
 * whether the topic is still the same log. The owner closes it.
 */
public final class BrokerWatch implements AutoCloseable {
    private static final int PERIOD_MILLIS = 2_000;
    private static final int PATIENCE_MILLIS = 4_000;

    private final Admin admin;
    private final StreamEvents events;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread watch = new Thread(work, "millrace-watch");
        watch.setDaemon(true);
        return watch;
    });
    private final ScheduledFuture<?> asking;
    private final String topic;
    private final LogIdentity log;
    private volatile @Nullable LogIdentity other;
    private long lastHeard = System.nanoTime();
    private boolean silent;

    BrokerWatch(KafkaSettings kafka, String topic, LogIdentity log, StreamEvents events) {
        this.admin = Admin.create(kafka.admin());
        this.topic = topic;
        this.log = log;
        this.events = events;
        this.asking = thread.scheduleWithFixedDelay(this::ask, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Throws {@link LogGapException} where the stream is no longer the log that it was. */
    public void check() {
        LogIdentity now = other;
        if (now != null) {
            throw new LogGapException(LogGap.notTheSame(topic, log, now));
        }
    }

    @Override
    public void close() {
        asking.cancel(true);
        thread.shutdownNow();
        admin.close(Duration.ZERO);
    }

    private void ask() {
        boolean answered = answered();
        if (answered && silent) {
            events.brokerBack(Duration.ofNanos(System.nanoTime() - lastHeard));
        } else if (!answered && !silent && !thread.isShutdown()) {
            events.brokerSilent();
        }
        silent = !answered;
        lastHeard = answered ? System.nanoTime() : lastHeard;
    }

    private boolean answered() {
        try {
            String cluster = await(admin.describeCluster(new DescribeClusterOptions().timeoutMs(PATIENCE_MILLIS))
                    .clusterId());
            var topics =
                    await(admin.describeTopics(List.of(topic), new DescribeTopicsOptions().timeoutMs(PATIENCE_MILLIS))
                            .allTopicNames());
            var description = Objects.requireNonNull(topics.get(topic));
            LogIdentity now = new LogIdentity(cluster, description.topicId().toString());
            other = now.equals(log) ? null : now;
            return true;
        } catch (ExecutionException e) {
            // a topic that is missing may be one that a starting broker does not know yet
            return e.getCause() instanceof UnknownTopicOrPartitionException;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static <T> T await(KafkaFuture<T> future)
            throws ExecutionException, InterruptedException, TimeoutException {
        return future.get(2L * PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    }
}
