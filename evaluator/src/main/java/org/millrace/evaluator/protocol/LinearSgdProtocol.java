package org.millrace.evaluator.protocol;

import java.util.List;
import java.util.Optional;
import org.millrace.encoder.network.LinearHead;
import org.millrace.encoder.optimiser.OptimiserRule;
import org.millrace.evaluator.score.LabelledFeatures;
import org.millrace.evaluator.score.Trial;
import org.millrace.evaluator.score.ValidationSplit;

/**
 * MoCo's linear protocol (He et al. 2020, §4.1 and A.1) on frozen features as they are: momentum 0.9, no weight decay, batches of 256,
 * 100 epochs, the rate a tenth after 60 and again after 80.
 *
 * <p>The paper's rate of 30 fits the scale of its features only; other encoders' need another. So the rate is chosen on a fifth of the
 * images to learn from, and the layer is then trained on all of them.
 */
record LinearSgdProtocol() implements ProbeProtocol {
    /** Of equally good rates the smallest is taken. */
    private static final List<Double> RATES = List.of(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0);

    private static final double PAPER_RATE = 30;
    private static final FeatureRecipe RECIPE =
            new FeatureRecipe(LinearHead::new, OptimiserRule.sgd(0.9, false, 0), 256, 100, List.of(60, 80), 0.1);

    @Override
    public List<ProtocolScore> score(Benchmark benchmark) {
        LabelledFeatures train = benchmark.train();
        long start = benchmark.millis();
        Optional<ValidationSplit> split = ValidationSplit.of(train);
        FeatureTraining training = new FeatureTraining(benchmark, RECIPE);
        long images = training.images(train.size())
                + split.map(parts ->
                                RATES.size() * training.images(parts.fitted().size()))
                        .orElse(0L);
        benchmark.progress().begin("linear-sgd", images);
        List<Trial> trials = split.map(parts -> parts.trials(
                        RATES,
                        rate -> training.run(parts.fitted(), parts.heldOut().features(), rate)))
                .orElse(List.of());
        double rate = trials.isEmpty() ? PAPER_RATE : ValidationSplit.best(trials);
        var scores = training.run(train, benchmark.test().features(), rate);
        return List.of(benchmark.score("linear-sgd", scores, RECIPE.settings(rate), trials, start));
    }
}
