package org.millrace.evaluator.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.evaluator.score.ClassScores;
import org.millrace.evaluator.score.NearestNeighbours;

/** Weighted nearest neighbours: votes exp(cosine / t) of the k nearest (Wu et al. 2018, §3.4). Nothing is learnt. */
record NeighboursProtocol() implements ProbeProtocol {
    @Override
    public List<ProtocolScore> score(Benchmark benchmark) {
        var train = benchmark.train();
        var test = benchmark.test();
        long start = benchmark.millis();
        benchmark.progress().begin("knn", test.size());
        EvaluatorConfig config = benchmark.config().evaluator();
        NearestNeighbours search = new NearestNeighbours(
                train.features(), train.voters(config.neighbours(), benchmark.classes()), benchmark.workers());
        double[] votes =
                search.find(test.features()).votes(train.labels(), benchmark.classes(), config.neighbourTemperature());
        benchmark.progress().update(test.size(), "");
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("k", search.k());
        settings.put("t", config.neighbourTemperature());
        return List.of(benchmark.score("knn", new ClassScores(benchmark.classes(), votes), settings, List.of(), start));
    }
}
