package org.millrace.trainer.journal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;

/** Reads the topic {@code <run>.steps} up to its present end. Not thread safe; the consumer belongs to the caller. */
public final class JournalReader {
    /** What is left to do where a journal cannot be followed. */
    public static final String HOW_TO_GO_ON =
            "Start a new run with another run.name; millrace branch begins one from a checkpoint of this one.";

    private static final Duration POLL = Duration.ofMillis(200);

    private static final long PAUSE_NANOS = 50_000_000;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Duration patience;
    private final Consumer<byte[], byte[]> consumer;
    private final TopicPartition partition;
    private final RecordReader<JournalEvent> records = RecordReader.ofJson(JournalEvent.class);

    public JournalReader(Consumer<byte[], byte[]> consumer, RunTopics topics) {
        this(consumer, topics, PATIENCE);
    }

    /** @param patience how long to wait for the end of a transaction that the broker is still writing down */
    JournalReader(Consumer<byte[], byte[]> consumer, RunTopics topics, Duration patience) {
        this.patience = patience;
        this.consumer = consumer;
        this.partition = new TopicPartition(topics.steps(), 0);
    }

    /**
     * A plan and the journal's offset behind it.
     *
     * @param skippedBefore where the stream was moved on before this step
     */
    public record JournalledPlan(StepPlan plan, long nextOffset, Optional<StreamSkipped> skippedBefore) {
        public JournalledPlan(StepPlan plan, long nextOffset) {
            this(plan, nextOffset, Optional.empty());
        }
    }

    /**
     * What a run planned after some step.
     *
     * @param plans in order and without gaps
     * @param skippedAfter where the stream was moved on behind the last of them
     */
    public record Past(List<JournalledPlan> plans, Optional<StreamSkipped> skippedAfter) {
        public static final Past NONE = new Past(List.of(), Optional.empty());

        public Past {
            plans = List.copyOf(plans);
        }
    }

    /**
     * How a run began.
     *
     * @param start the trainer's that made its first plan; where it has none yet, the newest
     * @param planned whether it has
     */
    public record Beginning(RunStarted start, boolean planned) {}

    /** Reads how a run began; empty where it has no journal, or no start in it. */
    public static Optional<Beginning> beginning(KafkaSettings kafka, RunTopics topics) {
        try (TopicSetup setup = new TopicSetup(kafka)) {
            if (setup.describe(topics.steps()).isEmpty()) {
                return Optional.empty();
            }
        }
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            return new JournalReader(consumer, topics).beginning();
        }
    }

    /**
     * Reads what a run planned after a step: {@link #plansAfter(long, long)}.
     *
     * @param results called with each result of a step on the way
     */
    public static Past past(
            KafkaSettings kafka,
            RunTopics topics,
            long step,
            long from,
            java.util.function.Consumer<StepDone> results) {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            return new JournalReader(consumer, topics).plansAfter(step, from, results);
        }
    }

    /** The same, of this journal; reads no further than it must. */
    Optional<Beginning> beginning() {
        consumer.assign(Set.of(partition));
        consumer.seek(partition, consumer.beginningOffsets(Set.of(partition)).getOrDefault(partition, 0L));
        long end = endFrom(0);
        @Nullable RunStarted start = null;
        boolean planned = false;
        while (consumer.position(partition) < end) {
            for (var record : consumer.poll(POLL)) {
                @Nullable JournalEvent event = records.read(record).orElse(null);
                if (event instanceof RunStarted started) {
                    start = started;
                }
                planned |= event instanceof StepPlan || event instanceof RoundDealt;
                if (planned && start != null) {
                    return Optional.of(new Beginning(start, true));
                }
            }
        }
        return start == null ? Optional.empty() : Optional.of(new Beginning(start, false));
    }

    /**
     * The plans of the steps after {@code step}, in order and without gaps; those that a later skip made void are left out.
     *
     * @param from offset to read from; every plan before it belongs to a step up to {@code step}
     * @throws UserException where the journal does not go on from that step
     */
    public Past plansAfter(long step, long from) {
        return plansAfter(step, from, done -> {});
    }

    /** The same; {@code results} is called with each step's result on the way. */
    public Past plansAfter(long step, long from, java.util.function.Consumer<StepDone> results) {
        List<JournalledPlan> plans = new ArrayList<>();
        Map<Long, StreamSkipped> skips = new HashMap<>();
        forEachRecord(from, record -> {
            @Nullable JournalEvent event = records.read(record).orElse(null);
            long last = step + plans.size();
            if (event instanceof StepPlan plan && plan.step() > step) {
                if (plan.step() <= last
                        && plan.equals(plans.get((int) (plan.step() - step - 1)).plan())) {
                    records.leaveOut(record, "the plan of step " + plan.step() + " is there already");
                } else if (plan.step() != last + 1) {
                    throw notInOrder(plan, record.offset(), last + 1);
                } else {
                    plans.add(new JournalledPlan(
                            plan, record.offset() + 1, Optional.ofNullable(skips.get(plan.step() - 1))));
                }
            } else if (event instanceof StreamSkipped skip && skip.step() > last) {
                records.leaveOut(
                        record, "it moves the stream on after step " + skip.step() + ", and " + last + " are planned");
            } else if (event instanceof StreamSkipped skip && skip.step() >= step) {
                plans.removeIf(journalled -> journalled.plan().step() > skip.step());
                skips.keySet().removeIf(skippedAt -> skippedAt > skip.step());
                skips.put(skip.step(), skip);
            } else if (event instanceof StepDone done) {
                results.accept(done);
            }
        });
        return new Past(plans, Optional.ofNullable(skips.get(step + plans.size())));
    }

    // a record that cannot be read may be anything that anyone wrote there, unless a plan is wanting
    private UserException notInOrder(StepPlan plan, long offset, long expected) {
        String got = partition.topic() + " holds the plan of step " + plan.step() + " at offset " + offset
                + " where step " + expected + " was wanted (partition " + partition.partition() + ").";
        return new UserException(records.latest()
                .map(unreadable -> got + " A record before it may be the missing plan: " + unreadable.words()
                        + "\nWithout it the steps from " + expected
                        + " on cannot be computed again. " + HOW_TO_GO_ON)
                .orElse(got + " Is the run a branch, does another program write to the topic, or was it recreated? "
                        + HOW_TO_GO_ON));
    }

    /**
     * Visits every event from an offset on (or from the log's start, where that is later) up to the present end. Records that are no
     * events are left out.
     */
    public void forEach(long from, BiConsumer<JournalEvent, Long> visitor) {
        forEachRecord(from, record -> records.read(record).ifPresent(event -> visitor.accept(event, record.offset())));
    }

    /** Records left out so far, because they are no events. */
    public long unreadable() {
        return records.unreadable();
    }

    /** The same, of the records themselves. */
    void forEachRecord(long from, java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> visitor) {
        consumer.assign(Set.of(partition));
        long start = consumer.beginningOffsets(Set.of(partition)).getOrDefault(partition, 0L);
        long end = endFrom(from);
        if (from > end) {
            throw new UserException(
                    partition.topic() + " ends at offset " + end
                            + ", but the checkpoint was taken at offset " + from
                            + ": the topic was deleted and created again or cut, or a transaction on it never ended"
                            + " (kafka-transactions.sh find-hanging). Start a new run with another run.name, or bring the topic back.");
        }
        TopicReader.read(consumer, partition, Math.max(from, start), end, visitor);
    }

    /** The offset behind the last record that can be read now: before the first transaction that has no end. */
    long end() {
        return consumer.endOffsets(Set.of(partition)).getOrDefault(partition, 0L);
    }

    // a transaction is acknowledged before its end is in the log, which a broker that restarts may take a while to
    // write
    private long endFrom(long from) {
        long deadline = System.nanoTime() + patience.toNanos();
        long end = end();
        while (end < from && System.nanoTime() < deadline) {
            LockSupport.parkNanos(PAUSE_NANOS);
            end = end();
        }
        return end;
    }
}
