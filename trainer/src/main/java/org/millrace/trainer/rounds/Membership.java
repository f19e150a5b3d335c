package org.millrace.trainer.rounds;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Threads;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's place in a consumer group that shares out the partitions of a topic: who is there, and who does what. It reads no record. A
 * process that ends leaves at once; one that dies is missed after {@value #SESSION_MILLIS} ms. Thread safe; the owner closes it.
 */
final class Membership implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Membership.class);
    private static final int SESSION_MILLIS = 10_000;
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int LOOK_MILLIS = 2_000; // for further partitions
    private static final long RETRY_MILLIS = 500;

    private final KafkaSettings kafka;
    private final String group;
    private final String topic;
    private final Thread thread;
    private volatile Set<Integer> mine = Set.of();
    private volatile @Nullable UserException refused;
    private volatile boolean closing;

    Membership(KafkaSettings kafka, String group, String topic) {
        this.kafka = kafka;
        this.group = group;
        this.topic = topic;
        this.thread = new Thread(this::run, "millrace-member-" + topic);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * The partitions that are this process's now.
     *
     * @throws UserException where the broker does not let it into the group
     */
    Set<Integer> mine() {
        UserException problem = refused;
        if (problem != null) {
            throw problem;
        }
        return mine;
    }

    /** Leaves the group. */
    @Override
    public void close() {
        closing = true;
        Threads.awaitEnd(thread);
    }

    private void run() {
        while (!closing) {
            try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of(
                    "group.id",
                    group,
                    "auto.offset.reset",
                    "latest",
                    "session.timeout.ms",
                    SESSION_MILLIS,
                    "heartbeat.interval.ms",
                    SESSION_MILLIS / 5,
                    "metadata.max.age.ms",
                    LOOK_MILLIS,
                    "partition.assignment.strategy",
                    CooperativeStickyAssignor.class.getName())))) {
                consumer.subscribe(List.of(topic), new Changes(consumer));
                while (!closing) {
                    consumer.poll(POLL);
                }
            } catch (InterruptException e) {
                return;
            } catch (AuthorizationException | AuthenticationException e) {
                refused = new UserException(
                        "the broker refuses this process a place in the group " + group + ": " + BrokerWords.of(e)
                                + "\nIts user needs the right to read the group and the topic " + topic + ".",
                        e);
                return;
            } catch (KafkaException e) {
                log.debug("not in the group {} at the moment", group, e);
                pause();
            } finally {
                mine = Set.of();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Keeps {@link #mine} as the group has it. */
    private final class Changes implements ConsumerRebalanceListener {
        private final Consumer<byte[], byte[]> consumer;

        Changes(Consumer<byte[], byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> added) {
            consumer.pause(added);
            Set<Integer> all = new TreeSet<>(mine);
            added.forEach(partition -> all.add(partition.partition()));
            mine = Set.copyOf(all);
            log.debug("{}: partitions {} of {}", group, mine, topic);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> removed) {
            Set<Integer> all = new TreeSet<>(mine);
            removed.forEach(partition -> all.remove(partition.partition()));
            mine = Set.copyOf(all);
            log.debug("{}: partitions {} of {}", group, mine, topic);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> lost) {
            onPartitionsRevoked(lost);
        }
    }
}
