package org.millrace.server.dashboard;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.GateCounts;

/** The page's sections other than histories: one record each, as sent to the page. */
final class Sections {
    private Sections() {}

    /**
     * The run as a whole.
     *
     * @param reading share of the topics' past that has been read, in [0, 1]; absent once all of it has
     * @param brokerAnswers false where the broker has not answered for a while
     * @param missing topics of the run that do not exist
     * @param unreadable records that were skipped because they cannot be read, by topic; only topics that have any
     * @param gate what the gate has seen and skipped; absent without one
     * @param otherFrames share of the last steps' second views that were made from another frame; absent where none may be
     * @param settings of the newest start that the page shows
     */
    record Run(
            String name,
            OptionalDouble reading,
            boolean brokerAnswers,
            List<String> missing,
            Map<String, Long> unreadable,
            Optional<Start> start,
            long step,
            long images,
            long rejected,
            Optional<GateCounts> gate,
            OptionalDouble otherFrames,
            Optional<Long> lastStepMillis,
            boolean collapsed,
            Map<String, String> settings) {}

    /** The process that trains the run. */
    record Start(String writer, String engine, long startedAtMillis) {}

    /**
     * The run's position in the stream.
     *
     * @param lag images after the last trained one
     * @param arriving images per second arriving
     * @param training images per second trained
     */
    record Stream(
            String topic,
            int partitions,
            Optional<Long> stored,
            Optional<Long> lag,
            OptionalDouble arriving,
            OptionalDouble training) {}

    /** The dictionary of keys. */
    record Dictionary(
            long capacity,
            long filled,
            long appended,
            OptionalDouble meanAgeSteps,
            OptionalDouble oldestAgeSteps,
            OptionalDouble consistency) {}

    /**
     * Where a step's time goes, means over the last steps in milliseconds.
     *
     * @param computing stages of the step, one after another
     * @param preparing stages of the next steps, at the same time
     */
    record Stages(int steps, List<Stage> computing, List<Stage> preparing) {}

    /** A stage's mean time. */
    record Stage(String name, double millis) {}

    /**
     * The rounds of a run of several trainers.
     *
     * @param slots of the round under way or else of the newest
     * @param nextSlots of the next round, according to the newest request
     * @param merged rounds so far
     * @param usualSeconds median time of the last rounds, from deal to merge
     * @param lateSeconds after the deal a slot is late; absent before the first round is merged
     * @param waiting share of the processes' time over the last rounds, {@link MergedRound#waiting}
     * @param last the newest merged round whose slots are known
     * @param workers processes that contributed to the last rounds
     * @param silentSinceMillis when any process last reported, where that is too long ago, {@link Silence}
     */
    record Rounds(
            int slots,
            int nextSlots,
            long merged,
            Optional<RoundUnderWay> underWay,
            OptionalDouble usualSeconds,
            OptionalDouble lateSeconds,
            OptionalDouble waiting,
            Optional<RoundMerge> last,
            List<Worker> workers,
            Optional<Long> silentSinceMillis) {}

    /**
     * The round that is computed now.
     *
     * @param dealt slots that were dealt images
     * @param ready those of them that are computed
     * @param slots those of them that the page shows, ascending: not all where there are many, and the awaited ones first
     */
    record RoundUnderWay(long round, long dealtAtMillis, int dealt, int ready, List<Slot> slots) {
        double seconds(long nowMillis) {
            return Math.max(0, ((double) nowMillis - dealtAtMillis) / 1_000);
        }
    }

    /**
     * A slot of the round under way.
     *
     * @param worker process that computed it; absent until it is computed, as the rest
     * @param seconds that its steps took
     * @param afterSeconds from the deal until it was ready
     */
    record Slot(int slot, long offsets, Optional<String> worker, OptionalDouble seconds, OptionalDouble afterSeconds) {}

    /**
     * A merged round.
     *
     * @param workers processes that computed it
     * @param change norm of the slots' mean change of the weights
     * @param moved norm of what the outer step did to them
     */
    record RoundMerge(
            long round,
            double seconds,
            OptionalDouble medianSeconds,
            OptionalDouble slowestSeconds,
            Optional<Integer> slowestSlot,
            int workers,
            OptionalDouble waiting,
            OptionalDouble change,
            OptionalDouble moved) {}

    /**
     * A process that trains the run with others.
     *
     * @param slots of the last rounds that it computed
     * @param imagesPerSecond while it computed them
     * @param round the last that it contributed to, with this slot of it
     * @param present whether it contributed to one of the last three rounds or to the one under way
     * @param silent whether it has reported nothing for too long, {@link Silence}
     */
    record Worker(
            String name,
            long slots,
            OptionalDouble imagesPerSecond,
            long round,
            int slot,
            long seenMillis,
            boolean present,
            boolean silent) {
        /** The same process, silent or not. */
        Worker silent(boolean now) {
            return new Worker(name, slots, imagesPerSecond, round, slot, seenMillis, present, now);
        }
    }

    /** An encoder whose weights are on the topic. */
    record Encoder(long version, long images, long bytes, String architecture, String sha256, long publishedAtMillis) {}

    /** The current encoder, those held by the churn budget, and those that the operator has revoked. */
    record Standing(OptionalLong current, Collection<Long> held, List<Revoked> revoked) {}

    /** A revoked encoder: its weights if they are on the topic, its score if it has one, and the reason. */
    record Revoked(
            long version, Optional<Encoder> encoder, Optional<Evaluation> score, String reason, long revokedAtMillis) {}

    /** Rejected images: how many records were read, and the kinds of reason, the most frequent first. */
    record Rejects(long read, List<Reason> reasons) {}

    /**
     * How many images were rejected for one kind of reason.
     *
     * @param reason without the numbers and names that differ from file to file
     * @param newest of that kind
     */
    record Reason(String reason, long count, Reject newest) {}

    /** A rejected image: its source, or its offset in the log where that is unknown, and the full reason. */
    record Reject(long timeMillis, String from, String reason) {}

    /** The checkpoints in the run's folder; not local where this machine has no such folder. */
    record Checkpoints(boolean local, String folder, List<CheckpointEntry> newest) {}

    /** One checkpoint. */
    record CheckpointEntry(long step, long bytes, long takenAtMillis) {}

    /**
     * The first images of a step with the views that the trainer saw.
     *
     * @param problem why there are none, or blank
     * @param note why there are fewer than usual, or blank
     */
    record Gallery(long step, List<Viewed> images, String problem, String note) {}

    /**
     * An image and its two views as PNG in data URIs.
     *
     * @param secondFrom the frame that the second view was made from, where that is another one; else blank
     */
    record Viewed(
            String at, String source, String label, String image, String first, String second, String secondFrom) {}
}
