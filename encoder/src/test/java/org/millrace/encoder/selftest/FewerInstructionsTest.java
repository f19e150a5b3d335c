package org.millrace.encoder.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class FewerInstructionsTest {
    @Test
    void lower_anyLimit_theNextOfThree() {
        assertThat(FewerInstructions.lower(Optional.empty())).contains("AVX512_CORE");
        assertThat(FewerInstructions.lower(Optional.of("AVX512_CORE_AMX"))).contains("AVX512_CORE");
        assertThat(FewerInstructions.lower(Optional.of("AVX512_CORE"))).contains("AVX2");
        assertThat(FewerInstructions.lower(Optional.of("AVX2"))).contains("SSE41");
        assertThat(FewerInstructions.lower(Optional.of("SSE41"))).isEmpty();
    }

    @Test
    void restart_untilTheFewest_sameProcessSameArgumentsOtherEnvironment() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                BeginsAgain.class.getName(),
                "two words",
                "",
                "*");
        builder.environment().remove("ONEDNN_MAX_CPU_ISA");
        Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        String who = process.pid() + " ";
        assertThat(said.lines())
                .containsExactlyElementsOf(List.of(
                        who + "null [two words, , *] [] []",
                        who + "AVX512_CORE [two words, , *] [ONEDNN_MAX_CPU_ISA as it is: wrong] []",
                        who
                                + "AVX2 [two words, , *] [ONEDNN_MAX_CPU_ISA as it is: wrong, ONEDNN_MAX_CPU_ISA AVX512_CORE: wrong] []",
                        who
                                + "SSE41 [two words, , *] [ONEDNN_MAX_CPU_ISA as it is: wrong, ONEDNN_MAX_CPU_ISA AVX512_CORE:"
                                + " wrong, ONEDNN_MAX_CPU_ISA AVX2: wrong] []",
                        "the end"));
    }

    @Test
    void restart_anotherProgramsProcess_returns() {
        FewerInstructions.restart(List.of("as usual: wrong"));
        assertThat(FewerInstructions.words()).isEmpty();
    }
}
