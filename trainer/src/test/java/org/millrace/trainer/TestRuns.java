package org.millrace.trainer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.keystore.Memory;
import org.millrace.keystore.MemoryBankSettings;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.ViewBuffers;

/** Small runs for tests: 16×16 images, a real ResNet-20, batches of 8. */
public final class TestRuns {
    public static final int BATCH = 8;

    private TestRuns() {}

    public static MillraceConfig config(String... assignments) {
        List<String> all = new ArrayList<>(List.of(
                "encoder.height=16",
                "encoder.width=16",
                "trainer.batch-size=" + BATCH,
                "moco.queue-size=20",
                "head.output=16",
                "optimiser.warmup-steps=2",
                "run.threads=1")); // so small that a second thread would only wait
        all.addAll(List.of(assignments));
        return new ConfigLoader().assignments(all).load();
    }

    public static Torch torch() {
        return Torch.start(config().run());
    }

    /** A file of a ResNet-20's random weights, in a folder that is deleted with the process; the same weights for the same seed. */
    public static Path teacher(long seed) {
        WeightLayout layout = Backbone.of(config().encoder()).layout();
        try (Weights weights = Weights.initialised(torch(), layout, seed)) {
            Path folder = Files.createTempDirectory("millrace-teacher");
            Path file = folder.resolve("teacher.safetensors");
            Files.write(file, weights.snapshot("").toBytes());
            folder.toFile().deleteOnExit();
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static KeyStore keys(MillraceConfig config) {
        return new KeyStoreSettings(
                        "images", config.head().output(), config.moco().queueSize())
                .openInMemory();
    }

    /** The memory that the objective wants, on the heap. */
    public static Memory memory(MillraceConfig config) {
        return config.trainer().objective() == TrainerConfig.Method.MEMORY_BANK
                ? new MemoryBankSettings(
                                "images",
                                config.head().output(),
                                config.memoryBank().capacity())
                        .openInMemory()
                : keys(config);
    }

    /** An id for each image. */
    public static List<Optional<ImageId>> ids(List<ImageOffset> images) {
        return images.stream()
                .map(image -> Optional.of(new ImageId(image.toString().getBytes(StandardCharsets.UTF_8))))
                .toList();
    }

    /** Random views of a step, the same for the same step. */
    public static ViewBuffers views(MillraceConfig config, long step) {
        int values = BATCH
                * config.encoder().channels()
                * config.encoder().height()
                * config.encoder().width();
        return new ViewBuffers(Stream.of(CounterRandom.Purpose.VIEW_ONE, CounterRandom.Purpose.VIEW_TWO)
                .map(purpose -> ViewBuffers.of(config.encoder(), buffer(values, CounterRandom.of(7, step, purpose, 0))))
                .toList());
    }

    public static List<ImageOffset> images(long step) {
        List<ImageOffset> images = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            images.add(new ImageOffset(0, (step - 1) * BATCH + i));
        }
        return images;
    }

    static Learner.Result step(Learner learner, MillraceConfig config, long step) {
        return stepOn(learner, config, step, step);
    }

    /** A step on the images and views of another one. */
    static Learner.Result stepOn(Learner learner, MillraceConfig config, long step, long other) {
        List<ImageOffset> images = images(other);
        return learner.step(step, views(config, other), images, ids(images), new StageClock(System::nanoTime));
    }

    private static ByteBuffer buffer(int values, CounterRandom random) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(values * Float.BYTES).order(ByteOrder.nativeOrder());
        for (int i = 0; i < values; i++) {
            buffer.putFloat(i * Float.BYTES, (float) random.nextGaussian());
        }
        return buffer;
    }
}
