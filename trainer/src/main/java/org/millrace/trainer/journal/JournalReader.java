package org.millrace.trainer.journal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;

/** Reads the topic {@code <run>.steps} up to its present end. Not thread safe; the consumer belongs to the caller. */
public final class JournalReader {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Consumer<byte[], byte[]> consumer;
    private final TopicPartition partition;

    public JournalReader(Consumer<byte[], byte[]> consumer, RunTopics topics) {
        this.consumer = consumer;
        this.partition = new TopicPartition(topics.steps(), 0);
    }

    /** A plan and the journal's offset behind it. */
    public record JournalledPlan(StepPlan plan, long nextOffset) {}

    /**
     * The plans of the steps after {@code step}, in order and without gaps.
     *
     * @param from offset to read from; every plan before it belongs to a step up to {@code step}
     * @throws UserException where the journal does not go on from that step
     */
    public List<JournalledPlan> plansAfter(long step, long from) {
        return plansAfter(step, from, done -> {});
    }

    /** The same, and tells of the results of steps on the way. */
    public List<JournalledPlan> plansAfter(long step, long from, java.util.function.Consumer<StepDone> results) {
        List<JournalledPlan> plans = new ArrayList<>();
        forEach(from, (event, offset) -> {
            if (event instanceof StepPlan plan && plan.step() > step) {
                long expected = step + 1 + plans.size();
                if (plan.step() != expected) {
                    throw new UserException(partition.topic() + " holds the plan of step " + plan.step()
                            + " at offset " + offset + " where step " + expected
                            + " was wanted. Is the run a branch, does another trainer write to it, or was the topic made anew?"
                            + " Start a new run with another run.name.");
                }
                plans.add(new JournalledPlan(plan, offset + 1));
            } else if (event instanceof StepDone done) {
                results.accept(done);
            }
        });
        return plans;
    }

    /** Visits every event from an offset on (or from the log's start, where that is later) up to the present end. */
    public void forEach(long from, BiConsumer<JournalEvent, Long> visitor) {
        consumer.assign(Set.of(partition));
        long start = consumer.beginningOffsets(Set.of(partition)).getOrDefault(partition, 0L);
        long end = consumer.endOffsets(Set.of(partition)).getOrDefault(partition, 0L);
        if (from > end) {
            throw new UserException(
                    partition.topic() + " ends at offset " + end
                            + ", but the checkpoint was taken at offset " + from
                            + ": the topic was made anew or cut. Start a new run with another run.name, or bring the topic back.");
        }
        consumer.seek(partition, Math.max(from, start));
        while (consumer.position(partition) < end) {
            for (var record : consumer.poll(POLL)) {
                if (record.offset() < end) {
                    visitor.accept(Json.read(record.value(), JournalEvent.class), record.offset());
                }
            }
        }
    }
}
