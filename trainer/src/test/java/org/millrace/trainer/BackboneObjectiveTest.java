package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig.Method;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.FrozenEncoder;
import org.millrace.encoder.onnx.OnnxModel;
import org.millrace.keystore.Memory;
import org.millrace.trainer.checkpoint.BaseEncoder;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.ViewBuffers;

/**
 * Every backbone with every objective: it trains with a finite, falling loss, restarts to the same bits, is exported and embeds, or is
 * refused before anything is computed. One network of each kind trains; the others differ from it in widths and numbers of blocks only.
 */
final class BackboneObjectiveTest {
    private static final int STEPS = 7;
    private static final Path TEACHER = TestRuns.teacher(3);
    private static final int REPEATED = 2; // steps after the checkpoint
    private static final int IMAGES = 4; // of a batch; the machine computes many networks here
    private static final int FILLED =
            3; // steps after which the dictionary is full; until then more keys raise the loss
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
    void step_aPartLearns_lossFallsAndARestartLeavesNoTrace(String words) {
        MillraceConfig config = partly(words);
        List<Double> losses = trainedAndRestarted(config, STEPS);
        System.out.println(words + ": loss " + losses.get(FILLED) + " → " + losses.get(losses.size() - 1));
    }

    /** The rest stays to the bit, is in no checkpoint, and lies once in memory for both networks. */
    @ParameterizedTest
    @CsvSource({"vit-tiny lora moco-v3, blocks.11.", "resnet20 last-blocks byol encoder.trained-blocks=3, layer3."})
    void step_aPartLearns_theRestStaysAsItBegan(String words, String whole) {
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
        return config(new Pair(backbone, objective).settings() + " encoder.train=" + parts[1]
                + (parts.length > 3 ? " " + parts[3] : ""));
    }

    private static double firstLoss(String settings) {
        MillraceConfig config = config(settings);
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), memory)) {
            learner.begin();
            return step(learner, config, 1);
        }
    }

    // trains on one batch over and over; again from a checkpoint near the end, to which the memory goes back; exports
    // and embeds
    private static List<Double> trainedAndRestarted(MillraceConfig config, int steps) {
        List<Double> losses = new ArrayList<>();
        int last = steps - REPEATED;
        try (Memory memory = TestRuns.memory(config)) {
            Checkpoint checkpoint;
            byte[][] undisturbed;
            try (Learner learner = new Learner(config, TestRuns.torch(), memory)) {
                learner.begin();
                for (long step = 1; step <= last; step++) {
                    losses.add(step(learner, config, step));
                }
                checkpoint = Checkpoint.of(learner);
                for (long step = last + 1L; step <= steps; step++) {
                    losses.add(step(learner, config, step));
                }
                undisturbed = bytes(learner);
                embedAndExport(config, learner.encoder());
            }
            try (Learner again = new Learner(config, TestRuns.torch(), memory)) {
                checkpoint.base().ifPresent(again::beginWith);
                again.restore(checkpoint.query(), checkpoint.key(), checkpoint.optimiser(), checkpoint.sequence());
                checkpoint.teacher().ifPresent(again::teach);
                for (long step = last + 1L; step <= steps; step++) {
                    step(again, config, step);
                }
                assertThat(Arrays.deepEquals(bytes(again), undisturbed))
                        .as("the same bits after a restart")
                        .isTrue();
            }
        }
        assertThat(losses).allSatisfy(loss -> assertThat(loss).isFinite());
        assertThat(losses.get(steps - 1))
                .as("losses %s", losses)
                .isLessThan(Collections.max(losses.subList(0, FILLED + 1)));
        return losses;
    }

    /** A checkpoint's files, read from their bytes. */
    private record Checkpoint(
            Safetensors query,
            Safetensors key,
            Safetensors optimiser,
            long sequence,
            Optional<BaseEncoder> base,
            Optional<Safetensors> teacher) {
        static Checkpoint of(Learner learner) {
            return new Checkpoint(
                    Safetensors.parse(learner.query().toBytes()),
                    Safetensors.parse(learner.key().toBytes()),
                    Safetensors.parse(learner.optimiser().toBytes()),
                    learner.keySequence(),
                    learner.base()
                            .map(begun -> BaseEncoder.of(
                                    Safetensors.parse(begun.whole().toBytes()))),
                    learner.teacher());
        }
    }

    private static void embedAndExport(MillraceConfig config, Safetensors weights) {
        int size = config.encoder().channels()
                * config.encoder().height()
                * config.encoder().width();
        try (FrozenEncoder encoder = new FrozenEncoder(TestRuns.torch(), config.encoder(), weights)) {
            assertThat(encoder.embedScaled(List.of(new float[size]))).hasSize(encoder.features());
        }
        if (config.encoder().architecture() == Architecture.AMDIM) {
            assertThatThrownBy(() -> OnnxModel.of(config.encoder(), weights, Map.of()))
                    .isInstanceOf(UserException.class);
        } else {
            assertThat(OnnxModel.of(config.encoder(), weights, Map.of())).isNotEmpty();
        }
    }

    private static double step(Learner learner, MillraceConfig config, long step) {
        ViewBuffers views = new ViewBuffers(List.of(view(config, Purpose.VIEW_ONE), view(config, Purpose.VIEW_TWO)));
        List<ImageOffset> images = TestRuns.images(1).subList(0, IMAGES);
        return learner.step(step, views, images, TestRuns.ids(images), new StageClock(System::nanoTime))
                .loss();
    }

    private static ViewBuffers.View view(MillraceConfig config, Purpose purpose) {
        int values = IMAGES
                * config.encoder().channels()
                * config.encoder().height()
                * config.encoder().width();
        ByteBuffer buffer = ByteBuffer.allocateDirect(values * Float.BYTES).order(ByteOrder.nativeOrder());
        CounterRandom random = CounterRandom.of(7, 1, purpose, 0);
        for (int i = 0; i < values; i++) {
            buffer.putFloat(i * Float.BYTES, (float) random.nextGaussian());
        }
        return ViewBuffers.of(config.encoder(), buffer);
    }

    private static byte[][] bytes(Learner learner) {
        return new byte[][] {
            learner.query().toBytes(),
            learner.key().toBytes(),
            learner.optimiser().toBytes(),
        };
    }

    private static MillraceConfig config(String settings) {
        List<String> all = new ArrayList<>(List.of(settings.strip().split(" +", -1)));
        all.add("trainer.batch-size=" + IMAGES);
        all.add("moco.queue-size=10");
        return TestRuns.config(all.toArray(String[]::new));
    }
}
