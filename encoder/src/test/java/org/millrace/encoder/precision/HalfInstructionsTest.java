package org.millrace.encoder.precision;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.Precision;

final class HalfInstructionsTest {
    private static final Set<String> WITH = HalfInstructions.flags(
            "processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16\n\nprocessor\t: 1\nflags\t\t: fpu\n");
    private static final Set<String> WITHOUT = HalfInstructions.flags("processor\t: 0\nflags\t\t: fpu avx2 avx512f\n");

    @Test
    void flags_firstProcessors() {
        assertThat(WITH).containsExactlyInAnyOrder("fpu", "avx2", "avx512f", "avx512_bf16", "amx_bf16");
        assertThat(HalfInstructions.flags("Features\t: fp asimd bf16\n")).contains("bf16");
        assertThat(HalfInstructions.flags("")).isEmpty();
    }

    @Test
    void advice_processorComputesBf16_saysWhatItWouldGain_onlyToANewRunInFloat32() {
        assertThat(HalfInstructions.advice(Precision.FP32, true, WITH))
                .hasValueSatisfying(line -> assertThat(line).contains("trainer.precision=bf16 would take"));
        assertThat(HalfInstructions.advice(Precision.FP32, false, WITH)).isEmpty();
        assertThat(HalfInstructions.advice(Precision.BF16, true, WITH)).isEmpty();
        assertThat(HalfInstructions.advice(Precision.FP32, true, WITHOUT)).isEmpty();
    }

    @Test
    void advice_noInstructionsForIt_warnsThatItIsSlow() {
        assertThat(HalfInstructions.advice(Precision.BF16, false, WITHOUT))
                .hasValue("warning: this processor has no instructions for bf16 (avx512_bf16 or amx_bf16):"
                        + " trainer.precision=bf16 is slower than fp32 here");
        assertThat(HalfInstructions.advice(Precision.FP16, false, WITH))
                .hasValueSatisfying(line -> assertThat(line).contains("trainer.precision=fp16 is for GPUs"));
    }

    @Test
    void advice_gpu_none() {
        var config = new ConfigLoader()
                .assignments(List.of("run.device=gpu", "trainer.precision=bf16"))
                .load();
        assertThat(HalfInstructions.advice(config, true)).isEmpty();
    }
}
