package org.millrace.evaluator.learning;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import org.millrace.contract.event.BucketScores;
import org.millrace.contract.event.BucketScores.Score;
import org.millrace.contract.event.Evaluation;

/**
 * A run over the buckets of its stream, from its evaluations.
 *
 * @param streamImages images of the stream in a bucket
 * @param buckets as the newest evaluation has them; an evaluation with another cut has no scores here
 * @param untrained the encoder that had seen no image yet, if it was scored
 * @param rows of each bucket that has ended or begun, the newest evaluation in it; a bucket without one has an empty row
 * @param notInRows evaluations behind the last bucket
 * @param compute spent up to the newest row; absent where the batch size is not known
 */
public record LearningReport(
        int schema,
        String run,
        String by,
        long streamImages,
        List<Bucket> buckets,
        Optional<Row> untrained,
        List<Optional<Row>> rows,
        int notInRows,
        Figures linear,
        Figures neighbours,
        Optional<Compute> compute) {
    public static final int SCHEMA = 1;

    /** Views that a step makes of each image of its batch. */
    private static final int VIEWS = 2;

    /** Held-out images of one bucket. */
    public record Bucket(String name, int images) {}

    /** One encoder's accuracies by bucket, in [0, 1]. */
    public record Row(
            long version,
            long step,
            long imagesTrained,
            List<OptionalDouble> linear,
            List<OptionalDouble> neighbours) {}

    /**
     * The matrix's figures, as {@link AccuracyMatrix} defines them; absent where a cell that they need was not measured.
     *
     * @param averages A_i of each row
     */
    public record Figures(
            List<OptionalDouble> averages,
            OptionalDouble averageOverTime,
            OptionalDouble finalAverage,
            OptionalDouble forgetting,
            OptionalDouble nextBucket) {
        static Figures of(AccuracyMatrix matrix) {
            List<OptionalDouble> averages = new ArrayList<>();
            for (int i = 1; i <= matrix.ended(); i++) {
                averages.add(matrix.average(i));
            }
            return new Figures(
                    averages,
                    matrix.averageOverTime(),
                    matrix.finalAverage(),
                    matrix.forgetting(),
                    matrix.nextBucket());
        }
    }

    /** Compute spent: views × steps × images of a batch. */
    public record Compute(int views, long steps, int batch) {
        public long product() {
            return views * steps * batch;
        }
    }

    /**
     * The report; empty where no evaluation has scores by bucket.
     *
     * @param evaluations of one run
     * @param batchSize of its steps, if it is known
     */
    public static Optional<LearningReport> of(List<Evaluation> evaluations, OptionalInt batchSize) {
        List<Evaluation> scored = evaluations.stream()
                .filter(evaluation -> evaluation.buckets().isPresent())
                .sorted(Comparator.comparingLong(Evaluation::version))
                .toList();
        if (scored.isEmpty()) {
            return Optional.empty();
        }
        Evaluation newest = scored.get(scored.size() - 1);
        BucketScores cut = newest.buckets().orElseThrow();
        int count = cut.scores().size();
        Optional<Row> untrained = Optional.empty();
        List<Optional<Row>> rows = new ArrayList<>();
        int behind = 0;
        for (Evaluation evaluation : scored) {
            long bucket = (evaluation.imagesTrained() + cut.streamImages() - 1) / cut.streamImages(); // 0 untrained
            if (bucket == 0) {
                untrained = Optional.of(row(evaluation, cut));
            } else if (bucket > count) {
                behind++;
            } else {
                while (rows.size() < bucket) {
                    rows.add(Optional.empty());
                }
                rows.set((int) bucket - 1, Optional.of(row(evaluation, cut)));
            }
        }
        return Optional.of(new LearningReport(
                SCHEMA,
                newest.run(),
                cut.by(),
                cut.streamImages(),
                cut.scores().stream()
                        .map(score -> new Bucket(score.name(), score.images()))
                        .toList(),
                untrained,
                rows,
                behind,
                figures(rows, count, Row::linear),
                figures(rows, count, Row::neighbours),
                compute(rows, batchSize)));
    }

    private static Optional<Compute> compute(List<Optional<Row>> rows, OptionalInt batchSize) {
        return rows.isEmpty() || batchSize.isEmpty()
                ? Optional.empty()
                : rows.get(rows.size() - 1).map(last -> new Compute(VIEWS, last.step(), batchSize.getAsInt()));
    }

    private static Figures figures(List<Optional<Row>> rows, int count, Function<Row, List<OptionalDouble>> scores) {
        List<OptionalDouble> missing = java.util.Collections.nCopies(count, OptionalDouble.empty());
        return Figures.of(new AccuracyMatrix(
                rows.stream().map(row -> row.map(scores).orElse(missing)).toList()));
    }

    private static Row row(Evaluation evaluation, BucketScores cut) {
        List<Score> own = evaluation.buckets().orElseThrow().scores();
        return new Row(
                evaluation.version(),
                evaluation.step(),
                evaluation.imagesTrained(),
                inCut(own, cut, Score::linear),
                inCut(own, cut, Score::neighbours));
    }

    private static List<OptionalDouble> inCut(
            List<Score> own, BucketScores cut, Function<Score, OptionalDouble> accuracy) {
        List<OptionalDouble> values = new ArrayList<>();
        for (int j = 0; j < cut.scores().size(); j++) {
            boolean same = j < own.size()
                    && own.get(j).name().equals(cut.scores().get(j).name());
            values.add(same ? accuracy.apply(own.get(j)) : OptionalDouble.empty());
        }
        return values;
    }
}
