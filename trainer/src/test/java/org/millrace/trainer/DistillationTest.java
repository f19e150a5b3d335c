package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Weights;
import org.millrace.keystore.Memory;

/** What may teach and what may not; that a student learns is LearnerTest's and BackboneObjectiveTest's. */
final class DistillationTest {
    @TempDir
    private Path folder;

    /** A transformer of another size of images, a ResNet of another depth: the student takes their features' length. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "encoder.architecture=vit-tiny encoder.patch=8 encoder.height=32 encoder.width=32",
                "encoder.architecture=resnet18 encoder.stem=imagenet"
            })
    void step_teacherOfAnotherArchitecture_distanceFalls(String settings) throws IOException {
        Path file = write(settings, 1);
        MillraceConfig config = config(file, "optimiser.method=adamw", "optimiser.learning-rate=0.003");
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), memory)) {
            learner.begin();
            double first = TestRuns.step(learner, config, 1).loss();
            double last = first;
            for (int i = 2; i <= 8; i++) {
                last = TestRuns.stepOn(learner, config, i, 1).loss();
            }
            assertThat(last).isLessThan(0.9 * first);
        }
    }

    @Test
    void restore_fileHasChanged_refusedWithBothDigests() throws IOException {
        Path file = write("encoder.architecture=resnet20", 1);
        MillraceConfig config = config(file);
        try (Memory memory = TestRuns.memory(config);
                Learner first = new Learner(config, TestRuns.torch(), memory)) {
            first.begin();
            TestRuns.step(first, config, 1);
            Safetensors key = Safetensors.parse(first.key().toBytes());
            Files.copy(write("encoder.architecture=resnet20", 2), file, StandardCopyOption.REPLACE_EXISTING);
            try (Learner second = new Learner(config, TestRuns.torch(), memory)) {
                assertThatThrownBy(() -> second.restore(first.query(), key, first.optimiser(), 0))
                        .isInstanceOf(UserException.class)
                        .hasMessageContaining("but this run has learned from the file with SHA-256 ");
            }
        }
    }

    @Test
    void create_fileThatCannotTeach_refusedByName() throws IOException {
        Path missing = folder.resolve("none.safetensors");
        refused(config(missing), "distill.teacher is " + missing + ", which cannot be read: there is no such file");
        Path pickle = folder.resolve("weights.pth");
        Files.write(pickle, new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0});
        refused(config(pickle), "pickle");
        refused(
                config(write("encoder.architecture=resnet20 encoder.channels=1", 1)),
                "whose images have 1 channels, but encoder.channels is 3");
        refused(
                config(write("encoder.architecture=vit-tiny encoder.patch=14 encoder.height=28 encoder.width=28", 1)),
                "must be multiples of encoder.patch (14), but were 16 and 16");
        Path broken = folder.resolve("nan.safetensors");
        Safetensors whole = Safetensors.parse(Files.readAllBytes(write("encoder.architecture=resnet20", 1)));
        Safetensors.Builder damaged = new Safetensors.Builder();
        for (String name : whole.names()) {
            float[] values = whole.tensor(name, whole.shape(name));
            values[0] = name.equals("conv1.weight") ? Float.NaN : values[0];
            damaged.add(name, whole.shape(name), values);
        }
        Files.write(broken, damaged.build().toBytes());
        refused(config(broken), "NaN");
    }

    private static void refused(MillraceConfig config, String words) {
        try (Memory memory = TestRuns.memory(config)) {
            assertThatThrownBy(() -> new Learner(config, TestRuns.torch(), memory))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining(words);
        }
    }

    private Path write(String settings, long seed) throws IOException {
        MillraceConfig config = TestRuns.config(settings.split(" ", -1));
        Architecture architecture = config.encoder().architecture();
        Path file = Files.createTempFile(folder, architecture.key(), ".safetensors");
        try (Weights weights = Weights.initialised(
                TestRuns.torch(), Backbone.of(config.encoder()).layout(), seed)) {
            Files.write(file, weights.snapshot("").toBytes());
        }
        return file;
    }

    private static MillraceConfig config(Path teacher, String... more) {
        String[] all = new String[more.length + 2];
        all[0] = "trainer.objective=distill";
        all[1] = "distill.teacher=" + teacher;
        System.arraycopy(more, 0, all, 2, more.length);
        return TestRuns.config(all);
    }
}
