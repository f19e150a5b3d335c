package org.millrace.trainer.objective;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.Vector;
import org.millrace.trainer.objective.InfoNce.Contrast;

final class LossVectorsTest {
    private final NDManager manager = TestRuns.torch().newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"moco_infonce_t007", "moco_infonce_t020"})
    void infoNce_referenceVector_sameLossLogitsAndGradient(String name) {
        Vector vector = Vector.load(name);
        NDArray queries = matrix(vector, "q");
        queries.setRequiresGradient(true);
        NDArray keys = matrix(vector, "k");
        NDArray negatives = matrix(vector, "queue");
        double temperature = vector.number("T");
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Contrast contrast = InfoNce.withDictionary(queries, keys, negatives, temperature);
            collector.backward(contrast.loss());
            vector.check("loss", contrast.loss().getFloat());
            vector.check("logits", contrast.logits().toFloatArray());
            vector.check("top1", (float) InfoNce.accuracy(contrast.logits()));
        }
        vector.check("grad_q", queries.getGradient().toFloatArray());
    }

    @Test
    void byol_referenceVector_sameLossAndGradients() {
        Vector vector = Vector.load("byol_loss");
        NDArray first = matrix(vector, "p1");
        NDArray second = matrix(vector, "p2");
        first.setRequiresGradient(true);
        second.setRequiresGradient(true);
        NDArray firstTarget = InfoNce.unit(matrix(vector, "z1"));
        NDArray secondTarget = InfoNce.unit(matrix(vector, "z2"));
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray one = Byol.distance(first, secondTarget);
            NDArray two = Byol.distance(second, firstTarget);
            NDArray loss = NDArrays.add(one, two);
            collector.backward(loss);
            vector.check("loss_p1z2", one.getFloat());
            vector.check("loss_p2z1", two.getFloat());
            vector.check("loss", loss.getFloat());
        }
        vector.check("grad_p1", first.getGradient().toFloatArray());
        vector.check("grad_p2", second.getGradient().toFloatArray());
    }

    private NDArray matrix(Vector vector, String input) {
        return manager.create(vector.input(input), new Shape(vector.size(input, 0), vector.size(input, 1)));
    }
}
