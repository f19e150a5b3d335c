package org.millrace.evaluator.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.millrace.evaluator.score.LinearProbe;

/** L2-regularised multinomial logistic regression on standardised features, solved to convergence (Kornblith et al. 2019). */
record LogisticProtocol() implements ProbeProtocol {
    @Override
    public List<ProtocolScore> score(Benchmark benchmark) {
        var train = benchmark.train();
        long start = benchmark.millis();
        benchmark.progress().begin("logistic", train.size());
        LinearProbe.Result result = LinearProbe.fit(train, benchmark.test(), benchmark.classes(), benchmark.workers());
        benchmark.progress().update(train.size(), "");
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("l2", result.l2());
        settings.put("iterations", result.iterations());
        settings.put("converged", result.converged());
        return List.of(benchmark.score("logistic", result.scores(), settings, result.trials(), start));
    }
}
