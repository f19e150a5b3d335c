package org.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.Precision;

/** The measurements of {@code bench/gpu} on a CPU, in the smallest form; whole, {@code bench/gpu FOLDER --device cpu}. */
final class GpuTrialTest {
    @TempDir
    private Path data;

    @ParameterizedTest
    @EnumSource(StepFigures.Source.class)
    void measure_fewSteps_everyFigureIsThere(StepFigures.Source source) throws Exception {
        var plan = new StepFigures.Plan(source, 1, 2, 48, 32);
        StepFigures figures = StepFigures.measure(
                new ConfigLoader().assignments(assignments("moco-v2", "fp32")).load(), plan);
        assertThat(figures.engine()).startsWith("PyTorch ").contains("on CPU");
        assertThat(figures.millis()).isPositive();
        assertThat(figures.imagesPerSecond()).isPositive();
        assertThat(figures.loss()).isPositive().isFinite();
        assertThat(figures.peakBytes()).isBetween(50L << 20, 64L << 30);
    }

    @Test
    void measure_float32OnTheProcessor_isTheReferenceItself() throws Exception {
        StepAgreement found = StepAgreement.measure(2, assignments("simclr", "fp32"));
        assertThat(found.losses()).hasSize(2).isEqualTo(found.reference());
        assertThat(found.cosine()).isCloseTo(1, within(1e-6));
        assertThat(found.isGood()).isTrue();
    }

    @Test
    void measure_bf16_isAnotherComputationWithinItsBounds() throws Exception {
        StepAgreement found = StepAgreement.measure(2, assignments("moco-v2", "bf16"));
        assertThat(found.losses()).doesNotContainAnyElementsOf(found.reference());
        assertThat(found.isGood()).as(found.toString()).isTrue();
    }

    @Test
    void isGood_lossOrFeaturesAway_no() {
        for (Precision precision : Precision.values()) {
            StepAgreement same = new StepAgreement(precision, List.of(5.0, 4.0), List.of(5.0, 4.0), 1);
            assertThat(same.isGood()).isTrue();
            assertThat(new StepAgreement(precision, List.of(5.0, 4.0), List.of(5.0, 4.2), 1).isGood())
                    .isFalse();
            assertThat(new StepAgreement(precision, List.of(5.0), List.of(Double.NaN), 1).isGood())
                    .isFalse();
            assertThat(new StepAgreement(precision, List.of(5.0), List.of(5.0), .9).isGood())
                    .isFalse();
            assertThat(new StepAgreement(precision, List.of(5.0), List.of(5.0), Double.NaN).isGood())
                    .isFalse();
        }
    }

    @Test
    void isGood_aCheckWithoutAnAnswer_no() {
        var failed = new GpuTrial.Check("simclr", "resnet18", "fp16", Optional.empty(), false, "CUDA out of memory");
        assertThat(new GpuTrial.Report(java.util.Map.of(), GpuTrial.Plan.of("gpu"), List.of(failed), List.of())
                        .isGood())
                .isFalse();
    }

    @Test
    void teraflops_resnet50At224_eightTimesItsMultiplyAdds() {
        assertThat(Arithmetic.teraflops("resnet50", 224, 1000)).isCloseTo(32.7, within(.1));
        assertThat(Arithmetic.teraflops("resnet18", 112, 1000)).isCloseTo(14.5 / 4, within(.1));
    }

    private List<String> assignments(String objective, String precision) {
        return new ArrayList<>(List.of(
                "run.data=" + data,
                "run.threads=1",
                "encoder.height=16",
                "encoder.width=16",
                "trainer.objective=" + objective,
                "trainer.precision=" + precision,
                "trainer.batch-size=4",
                "trainer.prepare-threads=1",
                "moco.queue-size=64"));
    }
}
