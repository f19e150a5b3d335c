package org.millrace.trainer.optimiser;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.Precision;
import org.millrace.contract.weights.Safetensors;
import org.millrace.trainer.TestRuns;

final class LossScaleTest {
    @Test
    void of_onlyFp16NeedsOne() {
        assertThat(LossScale.of(Precision.FP32)).isEmpty();
        assertThat(LossScale.of(Precision.BF16)).isEmpty();
        assertThat(LossScale.of(Precision.FP16)).isPresent();
    }

    /** As PyTorch's GradScaler: 65,536 at first, half after an overflow, twice after 2,000 steps without one. */
    @Test
    void unscale_overflowsAndLongCalm_scaleFallsAndRises() {
        var scale = new LossScale();
        try (NDManager scope = TestRuns.torch().newManager()) {
            assertThat(scale.times(scope.create(new float[] {0.1f})).toFloatArray())
                    .containsExactly(0.1f * 65_536);
            for (float overflow : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN}) {
                assertThat(scale.unscale(scope.create(new float[] {1, overflow})))
                        .isFalse();
            }
            assertThat(scale.scale()).isEqualTo(8_192);
            NDArray gradient = scope.create(new float[] {0});
            for (int step = 1; step < LossScale.GROWTH_INTERVAL; step++) {
                assertThat(scale.unscale(gradient)).isTrue();
            }
            assertThat(scale.scale()).isEqualTo(8_192);
            assertThat(scale.unscale(gradient)).isTrue();
            assertThat(scale.scale()).isEqualTo(16_384);
            assertThat(scale.taken(2_003)).isEqualTo(2_000);
        }
    }

    @Test
    void unscale_finite_changesNoBitOfTheGradient() {
        try (NDManager scope = TestRuns.torch().newManager()) {
            float[] values = {0.1f, -3.3e-7f, 12_345.678f};
            NDArray gradient = scope.create(values).mul(LossScale.INITIAL);
            assertThat(new LossScale().unscale(gradient)).isTrue();
            assertThat(gradient.toFloatArray()).containsExactly(values);
        }
    }

    @Test
    void isExhausted_afterOverflowsAtEveryScale() {
        var scale = new LossScale();
        try (NDManager scope = TestRuns.torch().newManager()) {
            int overflows = 0;
            while (!scale.isExhausted()) {
                scale.unscale(scope.create(new float[] {Float.NaN}));
                overflows++;
            }
            assertThat(overflows).isEqualTo(33);
        }
    }

    @Test
    void restore_savedBesideAnOptimiser_goesOnAsItWas() {
        var scale = new LossScale();
        try (NDManager scope = TestRuns.torch().newManager()) {
            scale.unscale(scope.create(new float[] {Float.NaN}));
            scale.unscale(scope.create(new float[] {1}));
        }
        Safetensors optimiser = new Safetensors.Builder()
                .add("velocity", new long[] {2}, new float[] {3, 4})
                .build();
        Safetensors file = Safetensors.parse(scale.beside(optimiser).toBytes());
        var other = new LossScale();
        other.restore(file);
        assertThat(file.tensor("velocity", 2)).containsExactly(3, 4);
        assertThat(other.beside(optimiser).toBytes())
                .isEqualTo(scale.beside(optimiser).toBytes());
        assertThat(other.taken(2)).isEqualTo(1);
    }
}
