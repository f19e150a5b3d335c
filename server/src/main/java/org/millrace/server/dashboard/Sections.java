package org.millrace.server.dashboard;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.millrace.contract.event.Evaluation;

/** What the page shows besides histories: a record for each part of it, as it travels. */
final class Sections {
    private Sections() {}

    /**
     * The run as a whole.
     *
     * @param reading share of the topics' past that has been read, in [0, 1]; absent once all of it has
     * @param brokerAnswers false where the broker has not answered for a while
     * @param missing topics of the run that do not exist
     * @param unreadable records that were left out because they cannot be read, by topic; only of topics that hold some
     * @param settings of the newest start, those that the page names
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
            Optional<Long> lastStepMillis,
            boolean collapsed,
            Map<String, String> settings) {}

    /** Who computes the run. */
    record Start(String writer, String engine, long startedAtMillis) {}

    /**
     * Where the run stands in the stream.
     *
     * @param lag images behind the last trained one
     * @param arriving images per second that come in
     * @param training images per second that are trained
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
     * @param computing one after another
     * @param preparing of the next steps, at the same time
     */
    record Stages(int steps, List<Stage> computing, List<Stage> preparing) {}

    /** A stage's mean time. */
    record Stage(String name, double millis) {}

    /** An encoder whose weights are on the topic. */
    record Encoder(long version, long images, long bytes, String architecture, String sha256, long publishedAtMillis) {}

    /** Which encoder may be taken as the newest, which are held by the churn budget, and which the operator has revoked. */
    record Standing(OptionalLong current, Collection<Long> held, List<Revoked> revoked) {}

    /** A revoked encoder: its weights where they are on the topic, its score where it has one, and why it is revoked. */
    record Revoked(
            long version, Optional<Encoder> encoder, Optional<Evaluation> score, String reason, long revokedAtMillis) {}

    /** What was refused: how much of it was read, and the kinds of reason, the most frequent first. */
    record Rejects(long read, List<Reason> reasons) {}

    /**
     * How often something was refused for one kind of reason.
     *
     * @param reason without the numbers and names that differ from file to file
     * @param newest of that kind
     */
    record Reason(String reason, long count, Reject newest) {}

    /** One refused image: where it came from, or its place in the log where that is not known, and the whole reason. */
    record Reject(long timeMillis, String from, String reason) {}

    /** The checkpoints in the run's folder; not local where there is no such folder here. */
    record Checkpoints(boolean local, String folder, List<CheckpointEntry> newest) {}

    /** One checkpoint. */
    record CheckpointEntry(long step, long bytes, long takenAtMillis) {}

    /**
     * The first images of a step with the views that the trainer saw.
     *
     * @param problem why there are none, or blank
     */
    record Gallery(long step, List<Viewed> images, String problem) {}

    /** An image and its two views as PNG in data URIs. */
    record Viewed(String at, String source, String label, String image, String first, String second) {}
}
