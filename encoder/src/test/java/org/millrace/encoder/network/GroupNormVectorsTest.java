package org.millrace.encoder.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.encoder.VectorTensors.tensor;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.TestEncoders;

/** Group norm against PyTorch's own. */
final class GroupNormVectorsTest {
    @Test
    void forward_sameOutputsAndGradients() {
        ReferenceVector vector = ReferenceVector.load("group_norm");
        try (NDManager manager = TestEncoders.torch().newManager()) {
            NDArray x = tensor(vector, "x", manager);
            NDArray scale = tensor(vector, "gamma", manager);
            NDArray shift = tensor(vector, "beta", manager);
            for (NDArray leaf : new NDArray[] {x, scale, shift}) {
                leaf.setRequiresGradient(true);
            }
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray y = new GroupNormLayer((int) vector.number("groups")).forward(x, scale, shift);
                collector.backward(y.mul(tensor(vector, "grad_out", manager)).sum());
                vector.check("y", y.toFloatArray());
            }
            vector.check("grad_x", x.getGradient().toFloatArray());
            vector.check("grad_gamma", scale.getGradient().toFloatArray());
            vector.check("grad_beta", shift.getGradient().toFloatArray());
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "16, 8", "32, 16", "64, 32", "512, 32", "2048, 32"})
    void of_channels_32GroupsOrGroupsOfTwo(int channels, int groups) {
        assertThat(GroupNormLayer.of(channels).groups()).isEqualTo(groups);
    }
}
