package org.millrace.evaluator.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.evaluator.score.ClassScores;
import org.millrace.evaluator.score.NearestNeighbours;

/** Weighted nearest neighbours: votes exp(cosine / t) of the k nearest (Wu et al. 2018, §3.4). Nothing is learnt. */
record NeighboursProtocol() implements Protocol {
    @Override
    public List<ProtocolScore> score(Exam exam) {
        var train = exam.train();
        var test = exam.test();
        long start = exam.millis();
        exam.progress().begin("knn", test.size());
        EvaluatorConfig config = exam.config().evaluator();
        NearestNeighbours search = new NearestNeighbours(
                train.features(), train.voters(config.neighbours(), exam.classes()), exam.workers());
        double[] votes =
                search.find(test.features()).votes(train.labels(), exam.classes(), config.neighbourTemperature());
        exam.progress().update(test.size(), "");
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("k", search.k());
        settings.put("t", config.neighbourTemperature());
        return List.of(exam.score("knn", new ClassScores(exam.classes(), votes), settings, List.of(), start));
    }
}
