package org.millrace.contract.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.UserException;

/** What may learn of which encoder. */
final class LearningTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "vit-tiny | encoder.train=lora encoder.trained-blocks=12 | trained-blocks must be in [0, 11] for encoder.train=lora",
                "vit-tiny | encoder.train=last-blocks encoder.trained-blocks=0 | trained-blocks must be in [1, 12]",
                "vit-tiny | encoder.train=lora encoder.lora-rank=0 | lora-rank must be in [1, 192]",
                "vit-tiny | encoder.train=lora encoder.lora-alpha=0 | lora-alpha must be positive",
                "vit-tiny | encoder.train=lora encoder.lora-targets=qkv,qkv | each once, with commas between them, but was 'qkv,qkv'",
                "vit-tiny | encoder.train=lora encoder.lora-targets=qkv,wo | must be of qkv, proj, fc1, fc2",
                "resnet20 | encoder.train=lora | set encoder.train=last-blocks or all",
                "resnet20 | encoder.train=last-blocks encoder.trained-blocks=10 | trained-blocks must be in [1, 9]",
                "amdim | encoder.train=last-blocks trainer.objective=amdim | encoder.train must be all for amdim",
                "vit-tiny | encoder.train=lora rounds.slots=2 replay.policy=none | encoder.train must be all with rounds.slots=2",
                "vit-tiny | encoder.train=lora guard.teacher=ema guard.half-life=9 | guard.teacher must not be ema",
            })
    void load_whatCannotLearn_isRefusedWithTheReason(String architecture, String settings, String words) {
        assertThatThrownBy(() -> load(architecture, settings))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(words);
    }

    @Test
    void load_twoTargets_areRead() {
        assertThat(load("vit-tiny", "encoder.train=lora encoder.lora-targets=qkv,fc1 encoder.trained-blocks=11")
                        .encoder()
                        .adaptedLayers())
                .containsExactly("qkv", "fc1");
    }

    private static MillraceConfig load(String architecture, String settings) {
        return new ConfigLoader()
                .assignments(List.of(("encoder.architecture=" + architecture + " " + settings).split(" ", -1)))
                .load();
    }
}
