package org.millrace.trainer.objective;

import static org.millrace.encoder.VectorTensors.tensor;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.objective.InfoNce.Contrast;

/** The losses against the reference vectors; shapes and parameters are the files'. */
final class LossVectorsTest {
    private final NDManager manager = TestRuns.torch().newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"moco_infonce_t007", "moco_infonce_t020"})
    void withDictionary_referenceVector_sameLossLogitsAndGradient(String name) {
        ReferenceVector vector = ReferenceVector.load(name);
        NDArray queries = leaf(vector, "q");
        NDArray keys = tensor(vector, "k", manager);
        NDArray negatives = tensor(vector, "queue", manager);
        double temperature = vector.number("T");
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Contrast contrast = InfoNce.withDictionary(queries, keys, negatives, temperature);
            NDArray loss = contrast.loss();
            collector.backward(loss);
            vector.check("loss", loss.getFloat());
            vector.check("loss_per_sample", contrast.losses().toFloatArray());
            vector.check("logits", contrast.logits().toFloatArray());
            vector.check("top1", (float) InfoNce.accuracy(contrast.logits()));
        }
        vector.check("grad_q", queries.getGradient().toFloatArray());

        NDArray unit = InfoNce.unit(tensor(vector, "q", manager));
        unit.setRequiresGradient(true);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            collector.backward(InfoNce.ofUnitRows(unit, InfoNce.unit(keys), negatives, Optional.empty(), temperature)
                    .loss());
        }
        vector.check("grad_q_normalized", unit.getGradient().toFloatArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"moco_v3_t02", "moco_v3_t10"})
    void mocoV3_referenceVector_sameLossLogitsAndGradients(String name) {
        ReferenceVector vector = ReferenceVector.load(name);
        double temperature = vector.number("T");
        NDArray first = leaf(vector, "q1");
        NDArray second = leaf(vector, "q2");
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Contrast one = MocoV3.contrast(first, tensor(vector, "k2", manager), temperature);
            Contrast two = MocoV3.contrast(second, tensor(vector, "k1", manager), temperature);
            NDArray loss = one.loss().add(two.loss());
            collector.backward(loss);
            vector.check("loss_q1k2", one.loss().getFloat());
            vector.check("loss_q2k1", two.loss().getFloat());
            vector.check("loss", loss.getFloat());
            vector.check("unscaled_ce_sum", (float) (loss.getFloat() / (2 * temperature)));
            vector.check("logits_q1k2", one.logits().toFloatArray());
            vector.check("logits_q2k1", two.logits().toFloatArray());
            vector.check("top1_q1k2", (float) InfoNce.diagonalAccuracy(one.logits()));
        }
        vector.check("grad_q1", first.getGradient().toFloatArray());
        vector.check("grad_q2", second.getGradient().toFloatArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"simclr_ntxent_t01", "simclr_ntxent_t05"})
    void simclr_referenceVector_sameLossAndGradients(String name) {
        ReferenceVector vector = ReferenceVector.load(name);
        NDArray first = leaf(vector, "z1");
        NDArray second = leaf(vector, "z2");
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Contrast contrast = Simclr.contrast(first, second, vector.number("T"));
            NDArray loss = contrast.loss();
            collector.backward(loss);
            vector.check("loss", loss.getFloat());
            vector.check("loss_simclr_code", 2 * loss.getFloat());
            vector.check("loss_per_anchor", contrast.losses().toFloatArray());
            NDArray ofFirstViews = contrast.logits().get("0:" + vector.size("z1", 0));
            vector.check("top1_view1", (float) InfoNce.accuracy(ofFirstViews));
        }
        vector.check("grad_z1", first.getGradient().toFloatArray());
        vector.check("grad_z2", second.getGradient().toFloatArray());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endToEnd_referenceVector_sameLossAndGradientsOfBoth(boolean symmetric) {
        ReferenceVector vector = ReferenceVector.load("end_to_end_infonce");
        NDArray queries = leaf(vector, "q");
        NDArray keys = leaf(vector, "k");
        String prefix = symmetric ? "symmetric_" : "";
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Contrast contrast = EndToEnd.contrast(queries, keys, vector.number("T"), symmetric);
            NDArray loss = contrast.loss();
            collector.backward(loss);
            vector.check(prefix + "loss", loss.getFloat());
            vector.check("logits", contrast.logits().toFloatArray());
            if (!symmetric) {
                vector.check("loss_per_sample", contrast.losses().toFloatArray());
            }
        }
        vector.check(prefix + "grad_q", queries.getGradient().toFloatArray());
        vector.check(prefix + "grad_k", keys.getGradient().toFloatArray());
    }

    @Test
    void byol_referenceVector_sameLossAndGradients() {
        ReferenceVector vector = ReferenceVector.load("byol_loss");
        NDArray first = leaf(vector, "p1");
        NDArray second = leaf(vector, "p2");
        NDArray firstTarget = InfoNce.unit(tensor(vector, "z1", manager));
        NDArray secondTarget = InfoNce.unit(tensor(vector, "z2", manager));
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray one = Byol.distances(first, secondTarget);
            NDArray two = Byol.distances(second, firstTarget);
            NDArray both = one.add(two);
            NDArray loss = both.mean();
            collector.backward(loss);
            vector.check("loss_p1z2", one.mean().getFloat());
            vector.check("loss_p2z1", two.mean().getFloat());
            vector.check("loss_per_sample", both.toFloatArray());
            vector.check("loss", loss.getFloat());
            vector.check("simsiam_loss", loss.getFloat() / 4 - 1); // loss = 4 + 4·simsiam_loss
        }
        vector.check("grad_p1", first.getGradient().toFloatArray());
        vector.check("grad_p2", second.getGradient().toFloatArray());
    }

    private NDArray leaf(ReferenceVector vector, String input) {
        NDArray tensor = tensor(vector, input, manager);
        tensor.setRequiresGradient(true);
        return tensor;
    }
}
