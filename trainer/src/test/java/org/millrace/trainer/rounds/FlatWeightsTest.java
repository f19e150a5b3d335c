package org.millrace.trainer.rounds;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.RoundsConfig.Precision;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.TestRuns;

/** Weights of several slots, of a network with tensors that stay as they are. */
final class FlatWeightsTest {
    /** Fixed positions and a frozen projection lie among the parameters, and a change of 0 stays 0 on the wire. */
    @Test
    void like_transformerWithFixedTensors_sameBytesAndNoChangeInInt8() {
        MillraceConfig config = TestRuns.config(
                "encoder.architecture=vit-tiny",
                "encoder.patch=8",
                "encoder.positions=sine",
                "encoder.patch-projection=frozen");
        try (Weights weights = Weights.initialised(
                TestRuns.torch(), Backbone.of(config.encoder()).layout(), 3)) {
            Safetensors file = weights.snapshot("");
            FlatWeights flat = FlatWeights.of(file);
            assertThat(flat.statistics()).isEmpty();
            assertThat(flat.like(file).toBytes()).isEqualTo(file.toBytes());
            float[] moved = flat.parameters().clone();
            int fixed = (1 + 4) * 192 + 192 * 3 * 8 * 8 + 192; // the last tensors of the file
            for (int i = 0; i < moved.length - fixed; i++) {
                moved[i] += 0.01f * (i % 7);
            }
            byte[] wire = Change.between(flat.parameters(), moved, Precision.INT8);
            float[] change = Change.read(wire, moved.length, Precision.INT8);
            for (int i = moved.length - fixed; i < moved.length; i++) {
                assertThat(change[i]).isZero();
            }
        }
    }
}
