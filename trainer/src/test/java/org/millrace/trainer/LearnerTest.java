package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.TestEncoders;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.Memory;

final class LearnerTest {
    private static final int STEPS = 6;
    private static final Path TEACHER = TestRuns.teacher(3);

    /** Digests of each objective's undisturbed run, which never measures its health. */
    private static final Map<String, List<String>> UNDISTURBED = new HashMap<>();

    /** Each objective in each form that computes otherwise: its name, then settings. */
    static List<String> objectives() {
        return List.of(
                "moco-v1",
                "moco-v2",
                "moco-v2 trainer.symmetric=true",
                "moco-v2 trainer.batch-norm=shuffle trainer.batch-norm-splits=4",
                "moco-v3 trainer.batch-norm=split trainer.batch-norm-splits=2",
                "simclr",
                "amdim encoder.architecture=amdim encoder.height=32 encoder.width=32 encoder.amdim-channels=4 encoder.amdim-features=16 amdim.mixture=3 optimiser.method=adamw",
                "byol byol.momentum-schedule=cosine optimiser.total-steps=20",
                "end-to-end trainer.symmetric=true",
                "distill distill.teacher=" + TEACHER,
                "memory-bank memory-bank.capacity=30 memory-bank.negatives=12",
                "memory-bank memory-bank.capacity=30 memory-bank.negatives=12 memory-bank.loss=nce memory-bank.shared=false",
                "memory-bank memory-bank.capacity=30 memory-bank.loss=full-softmax",
                "moco-v2 trainer.accumulate=2",
                "moco-v2 trainer.precision=bf16 trainer.batch-norm=shuffle trainer.batch-norm-splits=4",
                "amdim trainer.precision=bf16 encoder.architecture=amdim encoder.height=32 encoder.width=32 encoder.amdim-channels=4 encoder.amdim-features=16");
    }

    @Test
    void step_onAnotherThreadThanItsMakers_sameWeightsToTheBit() {
        MillraceConfig config = TestRuns.config("trainer.health-every-steps=1");
        try (Memory keys = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            List<String> there = TestEncoders.onNewThread(() -> {
                learner.begin();
                TestRuns.step(learner, config, 1);
                TestRuns.step(learner, config, 2);
                return digests(learner);
            });
            assertThat(there).isEqualTo(digestsAfter(config, 2));
        }
    }

    /** The undisturbed run never measures its health, this one at every step: neither that nor the restart leaves a trace. */
    @ParameterizedTest
    @MethodSource("objectives")
    void restore_inMidRun_goesOnToTheSameWeightsToTheBit(String objective) {
        MillraceConfig config = config(objective, "trainer.health-every-steps=1");
        try (Memory keys = TestRuns.memory(config)) {
            Safetensors query;
            Safetensors key;
            Safetensors optimiser;
            long sequence;
            try (Learner first = new Learner(config, TestRuns.torch(), keys)) {
                for (long step = 1; step <= 4; step++) {
                    assertLossesOfImages(objective, TestRuns.step(first, config, step));
                }
                query = Safetensors.parse(first.query().toBytes());
                key = Safetensors.parse(first.key().toBytes());
                optimiser = Safetensors.parse(first.optimiser().toBytes());
                sequence = first.keySequence();
                TestRuns.step(first, config, 5); // beyond the checkpoint: must leave no trace
            }
            try (Learner second = new Learner(config, TestRuns.torch(), keys)) {
                second.restore(query, key, optimiser, sequence);
                for (long step = 5; step <= STEPS; step++) {
                    TestRuns.step(second, config, step);
                }
                assertThat(digests(second)).isEqualTo(undisturbed(objective));
            }
        }
    }

    // the losses of the images, up to a factor, have the batch's loss as their mean
    private static void assertLossesOfImages(String objective, Learner.Result result) {
        if (objective.startsWith("amdim")) {
            assertThat(result.losses()).isEmpty();
            return;
        }
        double sum = 0;
        for (float loss : result.losses()) {
            sum += loss;
        }
        int directions = objective.equals("simclr") ? 2 : 1; // of whose losses its own is the mean and not the sum
        assertThat(result.losses()).hasSize(TestRuns.BATCH).doesNotHaveDuplicates();
        assertThat(sum / TestRuns.BATCH / directions).isCloseTo(result.loss(), withinPercentage(0.001));
    }

    /** What a step reads must be its own until its end: a collection beside it frees whatever memory Java no longer holds. */
    @ParameterizedTest
    @MethodSource("objectives")
    void step_sameSeedAgainWhileGarbageIsCollected_sameWeightsToTheBit(String objective) throws InterruptedException {
        List<String> alone = undisturbed(objective);
        AtomicBoolean done = new AtomicBoolean();
        Thread collector = new Thread(() -> {
            while (!done.get()) {
                System.gc();
                ByteBuffer.allocateDirect(64).putFloat(0, Float.NaN); // takes the place of what was freed
                LockSupport.parkNanos(20_000_000);
            }
        });
        collector.start();
        try {
            assertThat(digestsAfter(config(objective, "trainer.health-every-steps=5"), STEPS))
                    .isEqualTo(alone);
        } finally {
            done.set(true);
            collector.join();
        }
    }

    /** Half a run in one process and half in another is the same run: what lies between them is a checkpoint's files. */
    @Test
    void restore_bf16After4Of8Steps_goesOnToTheSameWeightsToTheBit_whichAreNotFloat32s() {
        MillraceConfig config = TestRuns.config("trainer.precision=bf16");
        List<String> undisturbed = digestsAfter(config, 8);
        try (Memory keys = TestRuns.memory(config)) {
            Safetensors[] files = new Safetensors[3];
            try (Learner first = new Learner(config, TestRuns.torch(), keys)) {
                for (long step = 1; step <= 4; step++) {
                    TestRuns.step(first, config, step);
                }
                files[0] = Safetensors.parse(first.query().toBytes());
                files[1] = Safetensors.parse(first.key().toBytes());
                files[2] = Safetensors.parse(first.optimiser().toBytes());
            }
            try (Learner second = new Learner(config, TestRuns.torch(), keys)) {
                second.restore(files[0], files[1], files[2], 4L * TestRuns.BATCH);
                for (long step = 5; step <= 8; step++) {
                    TestRuns.step(second, config, step);
                }
                assertThat(digests(second)).isEqualTo(undisturbed);
            }
        }
        assertThat(digestsAfter(TestRuns.config(), 8)).isNotEqualTo(undisturbed);
    }

    @ParameterizedTest
    @CsvSource({"bf16, 0.02", "fp16, 0.003"})
    void step_halfPrecision_firstLossIsNearFloat32s(String precision, double share) {
        double[] losses = new double[2];
        for (int i = 0; i < losses.length; i++) {
            MillraceConfig config = TestRuns.config("trainer.precision=" + (i == 0 ? "fp32" : precision));
            try (Memory keys = TestRuns.memory(config);
                    Learner learner = new Learner(config, TestRuns.torch(), keys)) {
                losses[i] = TestRuns.step(learner, config, 1).loss();
            }
        }
        assertThat(losses[1]).isNotEqualTo(losses[0]).isCloseTo(losses[0], withinPercentage(100 * share));
    }

    /** The scale of a checkpoint taken when it was too large by far. */
    @Test
    void step_fp16GradientOverflows_weightsStayAndTheScaleIsHalved() {
        MillraceConfig config = TestRuns.config("trainer.precision=fp16");
        try (Memory keys = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            TestRuns.step(learner, config, 1);
            String moved = Sha256.of(learner.query().part("projector").toBytes());
            Safetensors state = learner.optimiser();
            assertThat(state.tensor("loss-scale", 3)).containsExactly(65_536, 1, 0);
            Safetensors.Builder large = new Safetensors.Builder();
            for (String name : state.names()) {
                float[] values = state.tensor(name, state.shape(name)).clone();
                if (name.equals("loss-scale")) {
                    values[0] = 0x1p60f;
                }
                large.add(name, state.shape(name), values);
            }
            learner.restore(learner.query(), learner.key(), large.build(), learner.keySequence());
            TestRuns.step(learner, config, 2);
            assertThat(Sha256.of(learner.query().part("projector").toBytes())).isEqualTo(moved);
            assertThat(learner.optimiser().tensor("loss-scale", 3)).containsExactly(0x1p59f, 0, 1);
            assertThat(learner.keySequence()).isEqualTo(2L * TestRuns.BATCH);
        }
    }

    @Test
    void step_moco_enqueuesUnitKeysWithTheirImagesAndWraps() {
        MillraceConfig config = TestRuns.config();
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            for (long step = 1; step <= 4; step++) {
                TestRuns.step(learner, config, step);
            }
            assertThat(keys.newestSequence()).isEqualTo(4L * TestRuns.BATCH);
            var window = keys.newest(config.moco().queueSize());
            assertThat(window.size()).isEqualTo(20);
            assertThat(window.provenance().get(19).image())
                    .isEqualTo(TestRuns.images(4).get(7));
            assertThat(window.provenance().get(0).step()).isEqualTo(2);
            for (int row = 0; row < window.size(); row++) {
                double square = 0;
                for (int i = 0; i < window.dimension(); i++) {
                    double value = window.keys()[row * window.dimension() + i];
                    square += value * value;
                }
                assertThat(square).isBetween(0.9999, 1.0001);
            }
        }
    }

    @Test
    void step_moco_keyNetworkFollowsSlowlyAndKeepsItsOwnStatistics() {
        MillraceConfig config = TestRuns.config("moco.momentum=0.9");
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            float[] initial =
                    learner.query().tensor("encoder.conv1.weight", 16, 3, 3, 3).clone();
            TestRuns.step(learner, config, 1);
            float[] query =
                    learner.query().tensor("encoder.conv1.weight", 16, 3, 3, 3).clone();
            TestRuns.step(learner, config, 2);
            float[] key = learner.key().tensor("encoder.conv1.weight", 16, 3, 3, 3);
            for (int i = 0; i < key.length; i++) {
                assertThat(key[i])
                        .isCloseTo(0.9f * initial[i] + 0.1f * query[i], org.assertj.core.data.Offset.offset(1e-6f));
            }
            assertThat(query).isNotEqualTo(initial);
            assertThat(learner.key().tensor("encoder.bn1.running_mean", 16))
                    .isNotEqualTo(learner.query().tensor("encoder.bn1.running_mean", 16));
        }
    }

    @Test
    void step_lossNotANumber_saysWhatToDo() {
        MillraceConfig config = TestRuns.config("optimiser.learning-rate=1e30", "optimiser.warmup-steps=0");
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            assertThatThrownBy(() -> {
                        for (long step = 1; step <= 6; step++) {
                            TestRuns.step(learner, config, step);
                        }
                    })
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("training diverged")
                    .hasMessageContaining("optimiser.learning-rate");
        }
    }

    private static List<String> undisturbed(String objective) {
        return UNDISTURBED.computeIfAbsent(
                objective, name -> digestsAfter(config(name, "trainer.health-every-steps=0"), STEPS));
    }

    private static MillraceConfig config(String objective, String setting) {
        return TestRuns.config(("trainer.objective=" + objective + " " + setting).split(" "));
    }

    private static List<String> digestsAfter(MillraceConfig config, int steps) {
        try (Memory keys = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            for (long step = 1; step <= steps; step++) {
                TestRuns.step(learner, config, step);
            }
            return digests(learner);
        }
    }

    private static List<String> digests(Learner learner) {
        return List.of(
                Sha256.of(learner.query().toBytes()),
                Sha256.of(learner.key().toBytes()),
                Sha256.of(learner.optimiser().toBytes()));
    }
}
