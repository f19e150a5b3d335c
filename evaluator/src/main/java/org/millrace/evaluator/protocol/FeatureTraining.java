package org.millrace.evaluator.protocol;

import java.util.Locale;
import java.util.stream.IntStream;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.encoder.classifier.Classifier;
import org.millrace.evaluator.score.ClassScores;
import org.millrace.evaluator.score.LabelledFeatures;
import org.millrace.numerics.FeatureMatrix;

/** Trains heads by one recipe and reports progress. The same benchmark gives the same scores. Not thread safe. */
final class FeatureTraining {
    private static final int ROWS_AT_A_TIME = 4096;

    private final Benchmark benchmark;
    private final FeatureRecipe recipe;
    private long done;

    FeatureTraining(Benchmark benchmark, FeatureRecipe recipe) {
        this.benchmark = benchmark;
        this.recipe = recipe;
    }

    /** Trains a fresh head on the examples; its logits of the queries. */
    ClassScores run(LabelledFeatures examples, FeatureMatrix queries, double initialRate) {
        int columns = examples.features().columns();
        try (Classifier classifier = Classifier.onFeatures(
                benchmark.torch(),
                columns,
                recipe.head().apply(benchmark.classes()),
                recipe.rule(),
                benchmark.seed())) {
            long step = 0;
            for (int epoch = 0; epoch < recipe.epochs(); epoch++) {
                double rate = recipe.rate(initialRate, epoch);
                double loss = 0;
                for (int[] rows : Batches.of(examples.size(), recipe.batchSize(), benchmark.seed(), epoch)) {
                    LabelledFeatures batch = examples.select(rows);
                    CounterRandom dropout = CounterRandom.of(benchmark.seed(), step++, Purpose.PROBE, 0);
                    loss = classifier.step(floats(batch.features()), batch.labels(), rate, dropout);
                    done += rows.length;
                }
                benchmark.progress().update(done, String.format(Locale.ROOT, "rate %s, loss %.3f", initialRate, loss));
            }
            return logits(classifier, queries);
        }
    }

    private ClassScores logits(Classifier classifier, FeatureMatrix queries) {
        double[] scores = new double[Math.multiplyExact(queries.rows(), benchmark.classes())];
        for (int from = 0; from < queries.rows(); from += ROWS_AT_A_TIME) {
            int[] rows = IntStream.range(from, Math.min(from + ROWS_AT_A_TIME, queries.rows()))
                    .toArray();
            float[] logits = classifier.logits(floats(queries.select(rows)));
            for (int i = 0; i < logits.length; i++) {
                scores[from * benchmark.classes() + i] = logits[i];
            }
        }
        return new ClassScores(benchmark.classes(), scores);
    }

    /** Examples that a run handles in all its epochs, of so many different ones. */
    long images(int examples) {
        return (long) examples * recipe.epochs();
    }

    private static float[] floats(FeatureMatrix features) {
        float[] values = new float[features.values().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) features.values()[i];
        }
        return values;
    }
}
