package org.millrace.trainer.objective;

import static org.millrace.encoder.VectorTensors.tensor;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.AmdimConfig;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.objective.AmdimLoss.Direction;
import org.millrace.trainer.objective.AmdimLoss.Scale;
import org.millrace.trainer.objective.AmdimNetworks.Features;

final class AmdimVectorsTest {
    private static final double WEIGHT_OF_THE_OFFICIAL_CODE = 0.05;

    private final NDManager manager = TestRuns.torch().newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void direction_oneToSevenVector_sameScoresLossAndGradients() {
        ReferenceVector vector = ReferenceVector.load("amdim_g2l");
        NDArray whole = variable(vector, "f1");
        NDArray map = variable(vector, "f7");
        AmdimConfig config = new AmdimConfig(vector.number("tclip"), vector.number("reg"), 1, 1);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Direction direction = Direction.of(whole.expandDims(1), map, config);
            NDArray regulariser = direction.regulariser(config.regulariser());
            NDArray total = NDArrays.add(direction.loss(), regulariser);
            collector.backward(total);
            vector.check("raw_scores", direction.scores().raw().toFloatArray());
            vector.check("clipped_scores", direction.scores().clipped().toFloatArray());
            vector.check("nce_log_softmax", direction.scores().nce().toFloatArray());
            vector.check("loss", direction.loss().getFloat());
            vector.check("regulariser", regulariser.getFloat());
            vector.check("total", total.getFloat());
        }
        vector.check("grad_f1", gradient(whole));
        vector.check("grad_f7", gradient(map));
    }

    @Test
    void loss_fullVector_sameTermsAndGradients() {
        ReferenceVector vector = ReferenceVector.load("amdim_full");
        Features first = features(vector, "a");
        Features second = features(vector, "b");
        AmdimConfig config = new AmdimConfig(vector.number("tclip"), vector.number("reg"), 1, 1);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Features one = withComponents(first);
            Features two = withComponents(second);
            AmdimLoss loss = AmdimLoss.of(one, two, vector.integers("loc5_a"), vector.integers("loc5_b"), config);
            NDArray total = loss.total(config.regulariser());
            collector.backward(total);
            check(vector, "1t5", loss.oneToFive());
            check(vector, "1t7", loss.oneToSeven());
            check(vector, "5t5", loss.fiveToFive());
            vector.check("loss_g2l", loss.contrast().getFloat());
            vector.check("regulariser", loss.regulariser(config.regulariser()).getFloat());
            vector.check(
                    "regulariser_at_head_5e2",
                    loss.regulariser(WEIGHT_OF_THE_OFFICIAL_CODE).getFloat());
            vector.check("total", total.getFloat());
        }
        check(vector, "a", first);
        check(vector, "b", second);
    }

    @Test
    void mixture_referenceVector_samePosteriorObjectiveAndGradients() {
        ReferenceVector vector = ReferenceVector.load("amdim_mixture");
        NDArray components = variable(vector, "f1_mix");
        NDArray map = variable(vector, "f7");
        int count = vector.size("f1_mix", 1);
        AmdimConfig config = new AmdimConfig(vector.number("tclip"), 0, count, vector.number("tau"));
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Direction direction = Direction.of(components, map, config);
            Mixture mixture = direction.mixture();
            collector.backward(direction.loss());
            vector.check("s_nce", direction.scores().nce().toFloatArray());
            vector.check("q", mixture.posterior().toFloatArray());
            vector.check("entropy", mixture.entropy().toFloatArray());
            vector.check("expected_score", mixture.expectedScore().getFloat());
            vector.check("mean_entropy", mixture.meanEntropy().getFloat());
            vector.check("objective", -direction.loss().getFloat());
            vector.check("closed_form_objective", -direction.loss().getFloat());
            vector.check("loss", direction.loss().getFloat());
        }
        vector.check("grad_f1_mix", gradient(components));
        vector.check("grad_f7", gradient(map));
    }

    private static void check(ReferenceVector vector, String scale, Scale actual) {
        vector.check("l_" + scale + "_ab", actual.forth().loss().getFloat());
        vector.check("l_" + scale + "_ba", actual.back().loss().getFloat());
        vector.check("loss_" + scale, actual.loss().getFloat());
    }

    private static void check(ReferenceVector vector, String view, Features actual) {
        vector.check("grad_r1_" + view, gradient(actual.whole()));
        vector.check("grad_r5_" + view, gradient(actual.five()));
        vector.check("grad_r7_" + view, gradient(actual.seven()));
    }

    private Features features(ReferenceVector vector, String view) {
        NDArray whole = variable(vector, "r1_" + view);
        return new Features(whole, whole, variable(vector, "r5_" + view), variable(vector, "r7_" + view));
    }

    // f₁ as its own only component, within the graph
    private static Features withComponents(Features leaves) {
        return new Features(leaves.whole(), leaves.whole().expandDims(1), leaves.five(), leaves.seven());
    }

    private NDArray variable(ReferenceVector vector, String input) {
        NDArray variable = tensor(vector, input, manager);
        variable.setRequiresGradient(true);
        return variable;
    }

    private static float[] gradient(NDArray variable) {
        return variable.getGradient().toFloatArray();
    }
}
