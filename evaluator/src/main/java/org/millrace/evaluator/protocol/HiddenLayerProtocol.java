package org.millrace.evaluator.protocol;

import java.util.List;
import java.util.Map;
import org.millrace.encoder.network.HiddenLayerHead;
import org.millrace.encoder.optimiser.OptimiserRule;
import org.millrace.evaluator.score.LabelledFeatures;

/**
 * AMDIM's classifier with one hidden layer (Bachman, Hjelm, Buchwalter 2019) on frozen features: 1,024 units with batch norm, dropout
 * 0.2 before each layer, Adam at 2e-4 with β₁ 0.8, batches of 200, 120 epochs, the rate a fifth after 80 and again after 110 (the
 * official code's values for CIFAR).
 */
record HiddenLayerProtocol() implements ProbeProtocol {
    private static final double RATE = 2e-4;
    private static final int HIDDEN = 1024;
    private static final double DROPOUT = 0.2;
    private static final FeatureRecipe RECIPE = new FeatureRecipe(
            classes -> new HiddenLayerHead(classes, HIDDEN, DROPOUT),
            OptimiserRule.adam(0.8, 0.999, 1e-8, 1e-5),
            200,
            120,
            List.of(80, 110),
            0.2);

    @Override
    public List<ProtocolScore> score(Benchmark benchmark) {
        LabelledFeatures train = benchmark.train();
        long start = benchmark.millis();
        FeatureTraining training = new FeatureTraining(benchmark, RECIPE);
        benchmark.progress().begin("mlp", training.images(train.size()));
        var scores = training.run(train, benchmark.test().features(), RATE);
        Map<String, Object> settings = RECIPE.settings(RATE);
        settings.put("hidden", HIDDEN);
        settings.put("dropout", DROPOUT);
        return List.of(benchmark.score("mlp", scores, settings, List.of(), start));
    }
}
