package org.millrace.app.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.app.run.EvaluationBoard;
import org.millrace.app.run.RunStatistics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.Interval;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.StepDone;
import org.millrace.ingest.push.PushReport;

/**
 * The result of a demo, as written to {@code --report}.
 *
 * @param imagesPushed accepted into the topic of images by this demo
 * @param imagesTrained by this demo, each image of the log counted once
 * @param imagesRejected by the push or by the trainer
 * @param steps computed by this demo
 * @param imagesPerSecond from the end of the first step to the end of the last
 * @param lossFirst mean of the first {@link RunStatistics#LOSS_STEPS} steps; absent before the first
 * @param lossLast mean of as many last steps
 * @param untrained scores of the encoder with its initial weights; absent if the demo was stopped before them
 * @param last scores of the last scored encoder
 * @param margin by how much the last encoder must beat the untrained one, and whether it does
 * @param stageMillis median time of each stage of a step; fetch to views overlap the step before
 */
record DemoReport(
        long imagesPushed,
        long imagesTrained,
        long imagesRejected,
        int steps,
        double imagesPerSecond,
        OptionalDouble lossFirst,
        OptionalDouble lossLast,
        Optional<Scores> untrained,
        Optional<Scores> last,
        Optional<Margin> margin,
        long keysFilled,
        long keysCapacity,
        Map<String, Double> stageMillis) {
    /** Points of accuracy, both linear and kNN, by which the last encoder must beat the untrained one. */
    private static final double MARGIN_POINTS = 2;

    /**
     * The counts and scores so far.
     *
     * @param push of the stream, if it has ended
     */
    static DemoReport of(
            DemoCounts counts,
            Optional<PushReport> push,
            EvaluationBoard board,
            RunStatistics statistics,
            long keysCapacity) {
        Optional<Scores> before = board.of(0).map(Scores::of);
        Optional<Scores> after =
                board.last().filter(evaluation -> evaluation.version() > 0).map(Scores::of);
        Optional<StepDone> done = counts.last();
        return new DemoReport(
                push.map(PushReport::pushed).orElse(counts.pushed()),
                counts.trained(),
                push.map(PushReport::rejected).orElse(0L)
                        + done.map(StepDone::imagesRejected).orElse(0L),
                statistics.steps(),
                statistics.imagesPerSecond(),
                done.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(statistics.firstLoss()),
                done.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(statistics.lastLoss()),
                before,
                after,
                before.isPresent() && after.isPresent()
                        ? Optional.of(Margin.of(MARGIN_POINTS, before.get(), after.get()))
                        : Optional.empty(),
                done.map(StepDone::keysFilled).orElse(0L),
                keysCapacity,
                statistics.stageMillis());
    }

    void write(Path file) {
        try {
            Files.writeString(file, Json.writePretty(this) + "\n");
        } catch (IOException e) {
            throw new UserException("cannot write the report to " + file + ": " + e.getMessage(), e);
        }
    }

    /** Accuracies in [0, 1] on the held-out half of the probe images, and label-free measures of those images' features. */
    record Scores(
            long version,
            double linear,
            Optional<Interval> linearInterval,
            double neighbours,
            Optional<Interval> neighboursInterval,
            int heldOut,
            Optional<Health> health) {
        static Scores of(Evaluation evaluation) {
            return new Scores(
                    evaluation.version(),
                    evaluation.linear().accuracy(),
                    evaluation.linear().interval(),
                    evaluation.neighbours().accuracy(),
                    evaluation.neighbours().interval(),
                    evaluation.testImages(),
                    evaluation.health());
        }
    }

    /** Gains in percentage points of accuracy. */
    record Margin(double wanted, double linear, double neighbours, boolean met) {
        static Margin of(double wanted, Scores untrained, Scores last) {
            double linear = 100 * (last.linear() - untrained.linear());
            double neighbours = 100 * (last.neighbours() - untrained.neighbours());
            return new Margin(wanted, linear, neighbours, linear >= wanted && neighbours >= wanted);
        }
    }
}
