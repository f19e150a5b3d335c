package org.millrace.app.text;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import org.millrace.contract.Count;
import org.millrace.contract.event.BucketScores;
import org.millrace.evaluator.learning.LearningReport;
import org.millrace.evaluator.learning.LearningReport.Figures;
import org.millrace.evaluator.learning.LearningReport.Row;

/** How well a run retains its stream's buckets, as tables for a terminal. */
public final class LearningText {
    private static final String ABSENT = "·";

    private LearningText() {}

    /**
     * The buckets, both matrices and their figures.
     *
     * @param revoked versions that the operator has revoked: their rows count, since they describe the run, and are marked
     */
    public static String of(LearningReport report, Set<Long> revoked) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "run %s, buckets of the stream of %s each; held-out images cut by %s:%n",
                report.run(),
                Count.of(report.streamImages(), "image"),
                report.by()));
        for (int j = 0; j < report.buckets().size(); j++) {
            LearningReport.Bucket bucket = report.buckets().get(j);
            text.append(String.format(
                    Locale.ROOT,
                    "  %d  %s, %s%s%n",
                    j + 1,
                    bucket.name(),
                    Count.of(bucket.images(), "image"),
                    bucket.images() < BucketScores.LEAST_IMAGES
                            ? ": not enough for an accuracy, " + BucketScores.LEAST_IMAGES + " are needed"
                            : ""));
        }
        matrix(text, "linear probe", report, Row::linear, report.linear(), revoked);
        matrix(text, "nearest neighbours", report, Row::neighbours, report.neighbours(), revoked);
        figures(text, report);
        return text.toString();
    }

    private static void matrix(
            StringBuilder text,
            String probe,
            LearningReport report,
            Function<Row, List<OptionalDouble>> scores,
            Figures figures,
            Set<Long> revoked) {
        text.append(String.format("%n%s, %% right%n%-12s %10s", probe, "after bucket", "encoder"));
        for (int j = 1; j <= report.buckets().size(); j++) {
            text.append(String.format("%7d", j));
        }
        text.append(String.format("   average so far%n"));
        report.untrained()
                .ifPresent(row -> row(text, "untrained", Optional.of(row), scores, OptionalDouble.empty(), revoked));
        for (int i = 0; i < report.rows().size(); i++) {
            row(
                    text,
                    String.valueOf(i + 1),
                    report.rows().get(i),
                    scores,
                    figures.averages().get(i),
                    revoked);
        }
    }

    private static void row(
            StringBuilder text,
            String name,
            Optional<Row> row,
            Function<Row, List<OptionalDouble>> scores,
            OptionalDouble average,
            Set<Long> revoked) {
        if (row.isEmpty()) {
            text.append(String.format("%-12s no encoder was scored in it%n", name));
            return;
        }
        text.append(String.format(Locale.ROOT, "%-12s %10d", name, row.get().version()));
        scores.apply(row.get()).forEach(score -> text.append(String.format("%7s", percent(score))));
        text.append(String.format(
                "%9s%s%n",
                average.isPresent() ? percent(average) : "",
                revoked.contains(row.get().version()) ? "   revoked" : ""));
    }

    private static void figures(StringBuilder text, LearningReport report) {
        text.append(String.format("%n%-62s %12s %12s%n", "", "linear", "neighbours"));
        line(text, report, "average accuracy after the last row, on its buckets", Figures::finalAverage);
        line(text, report, "mean of the average accuracies over time", Figures::averageOverTime);
        line(text, report, "forgetting, points (negative: the past has improved)", Figures::forgetting);
        line(text, report, "accuracy on the next bucket before it is trained on", Figures::nextBucket);
        report.compute()
                .ifPresent(compute -> text.append(String.format(
                        Locale.ROOT,
                        "compute spent: %d views × %s × %s = %,d%n",
                        compute.views(),
                        Count.of(compute.steps(), "step"),
                        Count.of(compute.batch(), "image"),
                        compute.product())));
        if (report.notInRows() > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "scored after the last bucket, and without a row: %s%n",
                    Count.of(report.notInRows(), "encoder")));
        }
    }

    private static void line(
            StringBuilder text, LearningReport report, String name, Function<Figures, OptionalDouble> figure) {
        text.append(String.format(
                "%-62s %12s %12s%n",
                name, orNotEnough(figure.apply(report.linear())), orNotEnough(figure.apply(report.neighbours()))));
    }

    private static String orNotEnough(OptionalDouble value) {
        return value.isPresent() ? percent(value) : "not enough";
    }

    private static String percent(OptionalDouble share) {
        return share.isPresent() ? String.format(Locale.ROOT, "%.1f", 100 * share.getAsDouble()) : ABSENT;
    }
}
