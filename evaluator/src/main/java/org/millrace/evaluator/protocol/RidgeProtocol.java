package org.millrace.evaluator.protocol;

import java.util.List;
import java.util.Map;
import org.millrace.evaluator.score.RidgeProbe;

/** Ridge regression of the one-hot labels on standardised features, in closed form. */
record RidgeProtocol() implements ProbeProtocol {
    @Override
    public List<ProtocolScore> score(Benchmark benchmark) {
        var train = benchmark.train();
        long start = benchmark.millis();
        benchmark.progress().begin("ridge", train.size());
        RidgeProbe.Result result = RidgeProbe.fit(train, benchmark.test(), benchmark.classes());
        benchmark.progress().update(train.size(), "");
        Map<String, Object> settings = Map.of("l2-per-image", result.l2PerExample());
        return List.of(benchmark.score("ridge", result.scores(), settings, result.trials(), start));
    }
}
