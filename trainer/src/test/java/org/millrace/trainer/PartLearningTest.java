package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.millrace.trainer.SmallTraining.FILLED;
import static org.millrace.trainer.SmallTraining.STEPS;
import static org.millrace.trainer.SmallTraining.config;
import static org.millrace.trainer.SmallTraining.step;
import static org.millrace.trainer.SmallTraining.trainedAndRestarted;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig.Method;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.Memory;

/** Runs in which a part of the encoder learns, {@code encoder.train}: adapters, or the last blocks. */
final class PartLearningTest {
    /** With adapters every objective that has a pooled encoder, one each in half precision, in parts and beside a guard; and the last blocks alone. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "vit-tiny lora moco-v1 trainer.accumulate=2 encoder.lora-targets=qkv,proj,fc1,fc2 encoder.trained-blocks=0",
                "vit-tiny lora moco-v2 trainer.precision=bf16",
                "vit-tiny lora moco-v3",
                "vit-tiny lora byol guard.teacher=initial",
                "vit-tiny lora simclr",
                "vit-tiny lora memory-bank",
                "vit-tiny lora end-to-end",
                "vit-tiny lora distill",
                "vit-tiny last-blocks byol encoder.trained-blocks=2",
                "resnet20 last-blocks moco-v2 encoder.trained-blocks=3",
            })
    void step_lossFallsAndARestartLeavesNoTrace(String words) {
        MillraceConfig config = partly(words);
        List<Double> losses = trainedAndRestarted(config, STEPS);
        System.out.println(words + ": loss " + losses.get(FILLED) + " → " + losses.get(losses.size() - 1));
    }

    /** The rest stays to the bit, is in no checkpoint, and lies once in memory for both networks. */
    @ParameterizedTest
    @CsvSource({"vit-tiny lora moco-v3, blocks.11.", "resnet20 last-blocks byol encoder.trained-blocks=3, layer3."})
    void step_theRestStaysAsItBegan(String words, String whole) {
        MillraceConfig config = partly(words);
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), memory)) {
            learner.begin();
            Safetensors before = learner.encoder();
            assertThat(before.toBytes())
                    .isEqualTo(learner.base().orElseThrow().whole().toBytes());
            step(learner, config, 1);
            step(learner, config, 2);
            Safetensors after = learner.encoder();
            assertThat(after.names()).isEqualTo(before.names());
            Set<String> learned = learner.query().part("encoder.").names();
            assertThat(learner.key().part("encoder.").names()).isEqualTo(learned);
            for (String name : before.names()) {
                String layer = name.replaceFirst("\\.weight$", "");
                boolean mayMove = learned.contains(name) || learned.contains(layer + LowRank.DOWN);
                long[] shape = before.shape(name);
                boolean same = Arrays.equals(before.tensor(name, shape), after.tensor(name, shape));
                assertThat(same).as(name).isEqualTo(!mayMove);
                assertThat(mayMove)
                        .as(name)
                        .isEqualTo(name.startsWith(whole)
                                || name.contains("norm")
                                || name.contains("running")
                                || (layer.endsWith("qkv") && !name.endsWith(".bias")));
            }
        }
    }

    @Test
    void restore_withoutWhatTheRunBeganWith_isRefused() {
        MillraceConfig config = partly("vit-tiny lora simclr");
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), memory);
                Learner other = new Learner(config, TestRuns.torch(), memory)) {
            learner.begin();
            assertThatThrownBy(() -> other.restore(learner.query(), learner.key(), learner.optimiser(), 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("lacks the encoder that the run began with");
        }
    }

    // words: architecture, what learns, objective, settings
    private static MillraceConfig partly(String words) {
        String[] parts = words.split(" ", 4);
        Architecture backbone = Stream.of(Architecture.values())
                .filter(known -> known.key().equals(parts[0]))
                .findFirst()
                .orElseThrow();
        Method objective = Method.valueOf(parts[2].toUpperCase(Locale.ROOT).replace('-', '_'));
        return config(new BackboneObjectiveTest.Pair(backbone, objective).settings() + " encoder.train=" + parts[1]
                + (parts.length > 3 ? " " + parts[3] : ""));
    }
}
