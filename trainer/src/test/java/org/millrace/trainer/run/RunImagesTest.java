package org.millrace.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.Memory;
import org.millrace.keystore.image.FileKey;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.gate.GateContent;
import org.millrace.trainer.stream.LogImages;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.ReplayContent;
import org.millrace.trainer.stream.StoredImage;
import org.millrace.trainer.stream.TestLog;

/** Where the files of a checkpoint's replay buffer come from, and how long they stay. */
final class RunImagesTest {
    private static final int KEPT = 2;
    private static final long LOG_END = 2_020;

    @TempDir
    private Path folder;

    @Test
    void fill_checkpointOfAnEarlierRelease_itsOwnFiles() {
        List<LoggedImage> images = images(0, 9);
        Map<FileKey, byte[]> files = new HashMap<>();
        images.forEach(image -> files.put(FileKey.of(image.at(), image.file()), image.file()));
        ReplayContent content = new ReplayContent(content(images).images(), List.of(), files);
        try (ImageStore store = ImageStore.open(folder)) {
            runImages(store, log()).fill(checkpoint(1, content), Optional.empty());
            assertHolds(store, images);
        }
    }

    @Test
    void fill_anotherRunsStore_copied() {
        List<LoggedImage> images = images(0, 9);
        Path trunk = folder.resolve("trunk");
        put(trunk, images);
        try (ImageStore store = ImageStore.open(folder.resolve("branch"))) {
            runImages(store, log()).fill(checkpoint(1, content(images)), Optional.of(trunk));
            assertHolds(store, images);
        }
    }

    @Test
    void fill_storeGone_fetchedFromTheLogAgain() {
        List<LoggedImage> images = new ArrayList<>(images(3, 9));
        images.addAll(images(2_000, 2_003)); // far behind, so that it is sought
        TestLog log = log();
        put(folder, images.subList(0, 2));
        try (ImageStore store = ImageStore.open(folder)) {
            runImages(store, log).fill(checkpoint(1, content(images)), Optional.of(folder.resolve("nothing")));
            assertHolds(store, images);
        }
    }

    @Test
    void fill_notInTheLogOrAnotherThere_saysHowManyAndWhich() {
        List<LoggedImage> images = List.of(
                image(1),
                new LoggedImage(new ImageOffset(0, 2), 0, "", new byte[] {1}), // another than the log's
                image(2_010), // compacted away
                image(9_999)); // behind the log's end
        try (ImageStore store = ImageStore.open(folder)) {
            assertThatThrownBy(() -> runImages(store, log()).fill(checkpoint(1, content(images)), Optional.empty()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("its replay buffer needs the files of 3 images that neither the image store has nor,"
                            + " unchanged, images: the first is 0/2");
        }
    }

    @Test
    void take_manyCheckpoints_filesStayThatAKeptOneNeeds() {
        MillraceConfig config = config();
        try (ImageStore store = RunImages.open(config).orElseThrow();
                Memory memory = TestRuns.keys(config);
                RunCheckpoints checkpoints = checkpoints(config, memory, store, logOf(0, 2_019))) {
            put(1, store, images(0, 4));
            take(checkpoints, config, 1, List.of(image(0), image(1))); // 2 and 3 came and went
            put(2, store, images(4, 6));
            put(3, store, images(6, 7)); // of a step that is prepared ahead
            take(checkpoints, config, 2, List.of(image(1), image(4)));
            assertThat(store.lacking(keys(images(0, 7)))).isEqualTo(keys(List.of(image(2), image(3), image(5))));
            take(checkpoints, config, 3, List.of(image(4), image(6)));
            assertThat(store.lacking(keys(images(0, 7))))
                    .isEqualTo(keys(List.of(image(0), image(2), image(3), image(5))));
        }
    }

    @Test
    void newest_filesOfTheNewestNowhere_theCheckpointBefore() {
        MillraceConfig config = config();
        try (ImageStore store = RunImages.open(config).orElseThrow();
                Memory memory = TestRuns.keys(config);
                RunCheckpoints checkpoints = checkpoints(config, memory, store, logOf(0, 2_019))) {
            put(1, store, images(0, 4));
            take(checkpoints, config, 1, images(0, 4));
            take(checkpoints, config, 2, images(2, 6)); // as if a disk had lost 4 and 5
            assertThat(checkpoints.newest().orElseThrow().state().step()).isEqualTo(1);
        }
        try (ImageStore store = RunImages.open(config).orElseThrow();
                Memory memory = TestRuns.keys(config);
                RunCheckpoints checkpoints = checkpoints(config, memory, store, log())) {
            assertThat(checkpoints.newest().orElseThrow().state().step()).isEqualTo(2);
            assertHolds(store, images(0, 6));
        }
    }

    @Test
    void open_withoutReplayBuffer_noStore() {
        MillraceConfig config = TestRuns.config("run.data=" + folder);
        assertThat(RunImages.open(config)).isEmpty();
        assertThat(RunFolders.images(config)).doesNotExist();
    }

    private MillraceConfig config() {
        return TestRuns.config(
                "run.data=" + folder, "trainer.checkpoints-kept=" + KEPT, "replay.policy=fifo", "replay.capacity=8");
    }

    private static RunCheckpoints checkpoints(MillraceConfig config, Memory memory, ImageStore store, TestLog log) {
        return new RunCheckpoints(
                config, memory, Optional.of(runImages(store, log)), "an engine", Moment.Listener.NONE);
    }

    private static RunImages runImages(ImageStore store, TestLog log) {
        return new RunImages(store, new LogImages(TestRuns.config().images(), () -> consumer(log)));
    }

    private static MockConsumer<byte[], byte[]> consumer(TestLog log) {
        MockConsumer<byte[], byte[]> consumer = log.consumer();
        consumer.updateEndOffsets(Map.of(new TopicPartition("images", 0), LOG_END));
        return consumer;
    }

    private static void take(RunCheckpoints checkpoints, MillraceConfig config, long step, List<LoggedImage> images) {
        checkpoints.take(
                () -> checkpoint(step, content(images), config), CompletableFuture.completedFuture(0L), () -> false);
        assertThat(checkpoints.awaitWritten(() -> false)).contains(step);
    }

    private static Checkpoint checkpoint(long step, ReplayContent content) {
        return checkpoint(step, content, TestRuns.config());
    }

    private static Checkpoint checkpoint(long step, ReplayContent content, MillraceConfig config) {
        Map<String, String> configuration = ConfigLoader.effective(config);
        var state = new RunState(
                RunState.SCHEMA,
                "main",
                step,
                Map.of(),
                Map.of(),
                new LogIdentity("a cluster", "a topic"),
                0,
                0,
                0,
                0,
                0,
                Optional.empty(),
                List.of(),
                "an engine",
                configuration,
                RunState.digest(configuration),
                99,
                Map.of());
        Safetensors weights = new Safetensors.Builder()
                .add("w", new long[] {1}, new float[] {1})
                .build();
        return new Checkpoint(state, weights, weights, weights, content, GateContent.EMPTY);
    }

    private static ReplayContent content(List<LoggedImage> images) {
        return new ReplayContent(
                images.stream()
                        .map(image -> new ReplayContent.Kept(StoredImage.of(image), Optional.empty()))
                        .toList(),
                List.of());
    }

    private static void put(Path folder, List<LoggedImage> images) {
        try (ImageStore store = ImageStore.open(folder)) {
            put(1, store, images);
        }
    }

    private static void put(long step, ImageStore store, List<LoggedImage> images) {
        images.forEach(image -> store.put(step, FileKey.of(image.at(), image.file()), image.file()));
    }

    private static void assertHolds(ImageStore store, List<LoggedImage> images) {
        for (LoggedImage image : images) {
            assertThat(store.get(FileKey.of(image.at(), image.file()))).isEqualTo(image.file());
        }
    }

    private static List<FileKey> keys(List<LoggedImage> images) {
        return images.stream()
                .map(image -> FileKey.of(image.at(), image.file()))
                .toList();
    }

    private static List<LoggedImage> images(int from, int to) {
        return IntStream.range(from, to).mapToObj(RunImagesTest::image).toList();
    }

    private static LoggedImage image(int offset) {
        return new LoggedImage(new ImageOffset(0, offset), 0, "", ("file " + offset).getBytes(StandardCharsets.UTF_8));
    }

    // images 0 to 10 and 2,000 to 2,019, of which every tenth is compacted away
    private static TestLog log() {
        return logOf(IntStream.concat(IntStream.range(0, 11), IntStream.range(2_000, (int) LOG_END))
                .filter(offset -> offset % 10 != 0 || offset % 2_000 == 0)
                .toArray());
    }

    private static TestLog logOf(int... offsets) {
        TestLog log = new TestLog(1);
        for (int offset : offsets) {
            log.add(0, offset, offset, new byte[0], image(offset).file());
        }
        return log;
    }
}
