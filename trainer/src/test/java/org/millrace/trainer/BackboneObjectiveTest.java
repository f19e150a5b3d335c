package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.millrace.trainer.SmallTraining.FILLED;
import static org.millrace.trainer.SmallTraining.STEPS;
import static org.millrace.trainer.SmallTraining.config;
import static org.millrace.trainer.SmallTraining.step;
import static org.millrace.trainer.SmallTraining.trainedAndRestarted;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig.Method;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.Memory;

/**
 * Every backbone with every objective: it trains with a finite, falling loss, restarts to the same bits, is exported and embeds, or is
 * refused before anything is computed. One network of each kind trains; the others differ from it in widths and numbers of blocks only.
 */
final class BackboneObjectiveTest {
    private static final Path TEACHER = TestRuns.teacher(3);
    private static final Map<Architecture, String> SMALLEST = Map.of(
            Architecture.RESNET20, "",
            Architecture.VIT_TINY, "encoder.patch=8",
            Architecture.AMDIM,
                    "encoder.height=32 encoder.width=32 encoder.amdim-channels=4 encoder.amdim-features=16");

    /** A pair, as the table has it. */
    record Pair(Architecture backbone, Method objective) {
        boolean fits() {
            return (backbone == Architecture.AMDIM) == (objective == Method.AMDIM);
        }

        String settings() {
            return "encoder.architecture=" + backbone.key() + " trainer.objective="
                    + objective.name().toLowerCase(Locale.ROOT).replace('_', '-')
                    + " memory-bank.capacity=30 memory-bank.negatives=6 distill.teacher=" + TEACHER
                    + " optimiser.method=adamw optimiser.learning-rate=0.001 "
                    + SMALLEST.getOrDefault(backbone, "");
        }
    }

    static Stream<Pair> all() {
        return Stream.of(Architecture.values())
                .flatMap(backbone -> Stream.of(Method.values()).map(objective -> new Pair(backbone, objective)));
    }

    static Stream<Pair> trained() {
        return all().filter(Pair::fits).filter(pair -> SMALLEST.containsKey(pair.backbone()));
    }

    @ParameterizedTest
    @MethodSource("all")
    void load_everyPair_fitsOrIsRefusedWithTheReason(Pair pair) {
        if (pair.fits()) {
            assertThat(config(pair.settings()).encoder().architecture()).isEqualTo(pair.backbone());
            return;
        }
        assertThatThrownBy(() -> config(pair.settings()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(
                        pair.backbone() == Architecture.AMDIM
                                ? "encoder.architecture=amdim has no pooled features for the head of"
                                : "trainer.objective=amdim needs the encoder with limited receptive fields: set encoder.architecture=amdim");
    }

    @ParameterizedTest
    @MethodSource("trained")
    void step_everyPairThatFits_lossFallsAndARestartLeavesNoTrace(Pair pair) {
        List<Double> losses = trainedAndRestarted(config(pair.settings()), STEPS);
        System.out.println(pair + ": loss " + losses.get(FILLED) + " → " + losses.get(losses.size() - 1));
    }

    /** A transformer at CIFAR's size, as MoCo v3's paper has it and with SimCLR. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "trainer.objective=moco-v3 encoder.positions=sine encoder.patch-projection=frozen moco.temperature=0.2",
                "trainer.objective=simclr encoder.pool=mean",
            })
    void step_vitTinyOn32x32_lossFallsAndARestartLeavesNoTrace(String settings) {
        List<Double> losses = trainedAndRestarted(
                config("encoder.architecture=vit-tiny encoder.patch=4 encoder.height=32 encoder.width=32 "
                        + "optimiser.method=adamw optimiser.learning-rate=0.0005 optimiser.weight-decay=0.1 "
                        + "optimiser.decay-on=kernels " + settings),
                STEPS);
        System.out.println(settings + ": loss " + losses.get(FILLED) + " → " + losses.get(losses.size() - 1));
    }

    @ParameterizedTest
    @CsvSource({"bf16, 0.02", "fp32, 0"})
    void step_vitInHalfPrecision_firstLossIsNearFloat32s(String precision, double share) {
        String settings = new Pair(Architecture.VIT_TINY, Method.MOCO_V2).settings() + " encoder.registers=4"
                + " encoder.layer-scale=true";
        double wide = firstLoss(settings);
        double narrow = firstLoss(settings + " trainer.precision=" + precision);
        assertThat(Math.abs(narrow - wide)).isLessThanOrEqualTo(share * wide);
        assertThat(narrow == wide).isEqualTo(share == 0);
    }

    @Test
    void step_frozenProjectionAndFixedPositions_stayAsTheyBegan() {
        MillraceConfig config = config(new Pair(Architecture.VIT_TINY, Method.MOCO_V3).settings()
                + " encoder.positions=sine encoder.patch-projection=frozen");
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), memory)) {
            learner.begin();
            Safetensors before = learner.encoder();
            step(learner, config, 1);
            step(learner, config, 2);
            Safetensors after = learner.encoder();
            for (String name : before.names()) {
                boolean fixed = name.startsWith("patch_embed.") || name.equals("pos_embed");
                long[] shape = before.shape(name);
                assertThat(Arrays.equals(before.tensor(name, shape), after.tensor(name, shape)))
                        .as(name)
                        .isEqualTo(fixed);
                if (fixed) {
                    assertThat(learner.key().tensor("encoder." + name, shape))
                            .as("the momentum encoder's")
                            .containsExactly(before.tensor(name, shape));
                }
            }
        }
    }

    private static double firstLoss(String settings) {
        MillraceConfig config = config(settings);
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), memory)) {
            learner.begin();
            return step(learner, config, 1);
        }
    }
}
