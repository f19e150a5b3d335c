package org.millrace.evaluator.protocol;

import java.util.List;
import java.util.Map;
import org.millrace.evaluator.score.RidgeProbe;

/** Ridge regression of the one-hot labels on standardised features, in closed form. */
record RidgeProtocol() implements Protocol {
    @Override
    public List<ProtocolScore> score(Exam exam) {
        var train = exam.train();
        long start = exam.millis();
        exam.progress().begin("ridge", train.size());
        RidgeProbe.Result result = RidgeProbe.fit(train, exam.test(), exam.classes());
        exam.progress().update(train.size(), "");
        Map<String, Object> settings = Map.of("l2-per-image", result.l2PerExample());
        return List.of(exam.score("ridge", result.scores(), settings, result.trials(), start));
    }
}
