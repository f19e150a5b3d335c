package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.FrozenEncoder;
import org.millrace.encoder.onnx.OnnxModel;
import org.millrace.keystore.Memory;
import org.millrace.trainer.checkpoint.BaseEncoder;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.ViewBuffers;

/** A few steps of a learner on one batch of noise, and the same again after a restart, for tests that train many networks. */
final class SmallTraining {
    static final int STEPS = 7;
    /** Steps after which the dictionary is full; until then more keys raise the loss. */
    static final int FILLED = 3;

    private static final int REPEATED = 2; // steps after the checkpoint
    private static final int IMAGES = 4; // of a batch; the machine computes many networks here

    private SmallTraining() {}

    /**
     * Trains on one batch over and over; again from a checkpoint near the end, to which the memory goes back; exports and embeds. Returns
     * the losses, the last of which is lower than those before the dictionary was full.
     */
    static List<Double> trainedAndRestarted(MillraceConfig config, int steps) {
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

    /** One step on the one batch; returns its loss. */
    static double step(Learner learner, MillraceConfig config, long step) {
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

    /** The settings, with a batch and a dictionary that are as small. */
    static MillraceConfig config(String settings) {
        List<String> all = new ArrayList<>(List.of(settings.strip().split(" +", -1)));
        all.add("trainer.batch-size=" + IMAGES);
        all.add("moco.queue-size=10");
        return TestRuns.config(all.toArray(String[]::new));
    }
}
