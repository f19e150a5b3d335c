package org.millrace.evaluator.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.evaluator.file.CheckedFile;

final class ProbeFeedTest {
    private static final byte BROKEN = -1;

    @TempDir
    Path folder;

    @Test
    void accept_ofEveryKindOfRecord_keepsTheLabelledImages() {
        ProbeFeed feed = open(100);
        feed.accept(record(0, "one", "cat", null, 1));
        feed.accept(record(1, null, "dog", null, 2));
        feed.accept(record(2, "two", null, null, 3));
        feed.accept(record(3, "three", " ", null, 3));
        feed.accept(record(4, "four", "cat", null, BROKEN));
        feed.accept(record(5, "five", "cat", "validation", 4));
        assertThat(feed.set().images()).extracting(ProbeImage::id).containsExactlyInAnyOrder("one", "probe/0/1");
        assertThat(feed.nextOffset(0)).hasValue(6);
        assertThat(feed.nextOffset(1)).isEmpty();
    }

    @Test
    void accept_withSplitHeader_followsIt() {
        ProbeFeed feed = open(100);
        for (int i = 0; i < 20; i++) {
            feed.accept(record(i, "id" + i, "cat", i < 15 ? "train" : "test", i));
        }
        assertThat(feed.set().images(Half.TRAIN)).hasSize(15);
        assertThat(feed.set().images(Half.TEST)).hasSize(5);
    }

    @Test
    void accept_withoutValue_removesTheId() {
        ProbeFeed feed = open(100);
        feed.accept(record(0, "one", "cat", null, 1));
        feed.accept(new ConsumerRecord<>("probe", 0, 1, "one".getBytes(StandardCharsets.UTF_8), null));
        assertThat(feed.set().size()).isZero();
    }

    @Test
    void accept_longKeyAndWildLabel_areBoundedAndStayDistinct() {
        ProbeFeed feed = open(100);
        String one = "k".repeat(5_000) + 1;
        String two = "k".repeat(5_000) + 2;
        feed.accept(record(0, one, "cat\n12:00:00 forged", null, 1));
        feed.accept(record(1, two, "cat" + "x".repeat(100_000), null, 2));
        assertThat(feed.set().images())
                .hasSize(2)
                .allMatch(image -> image.id().length() <= 1024 && image.label().length() <= 1024);
        assertThat(feed.set().labels()).contains("cat�0A12:00:00 forged");
        feed.save();
        assertThat(open(100).set().labels()).isEqualTo(feed.set().labels());
        feed.accept(new ConsumerRecord<>("probe", 0, 2, one.getBytes(StandardCharsets.UTF_8), null));
        assertThat(feed.set().size()).isEqualTo(1);
    }

    @Test
    void open_afterSave_hasTheSameImagesAndOffsets() {
        ProbeFeed feed = open(40);
        for (int i = 0; i < 200; i++) {
            feed.accept(record(i, "id" + i, i % 3 == 0 ? "cat" : "døg", null, i));
        }
        feed.save();
        ProbeFeed again = open(40);
        assertThat(again.nextOffset(0)).hasValue(200);
        for (Half half : Half.values()) {
            List<ProbeImage> before = feed.set().images(half);
            List<ProbeImage> after = again.set().images(half);
            assertThat(after).extracting(ProbeImage::id).isEqualTo(ids(before));
            assertThat(after)
                    .extracting(ProbeImage::label)
                    .isEqualTo(before.stream().map(ProbeImage::label).toList());
            assertThat(after)
                    .extracting(image -> image.file()[0])
                    .isEqualTo(before.stream().map(image -> image.file()[0]).toList());
        }
        assertThat(folder.toFile().list()).containsExactly(ProbeFeed.FILE);
    }

    @Test
    void open_withLargerBound_keepsTheImagesAndReadsTheTopicAgain() {
        ProbeFeed feed = open(20);
        for (int i = 0; i < 50; i++) {
            feed.accept(record(i, "id" + i, i % 2 == 0 ? "cat" : "dog", null, i));
        }
        feed.save();
        assertThat(open(30).set().size()).isEqualTo(20);
        assertThat(open(30).nextOffset(0)).isEmpty();
        assertThat(open(10).set().size()).isEqualTo(10);
        assertThat(open(10).nextOffset(0)).hasValue(50);
    }

    @Test
    void open_ofAnyDamagedFile_beginsAnew() throws IOException {
        long seed = 5150;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        ProbeFeed feed = open(40);
        for (int i = 0; i < 10; i++) {
            feed.accept(record(i, "id" + i, "cat", null, i));
        }
        feed.save();
        Path file = folder.resolve(ProbeFeed.FILE);
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) {
            byte[] damaged = whole.clone();
            damaged[i] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            assertThat(open(40).set().size()).as("flipped bit in byte %d", i).isZero();
            assertThat(open(40).nextOffset(0)).isEmpty();
        }
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 5));
        assertThat(open(40).set().size()).isZero();
        Files.write(file, new byte[0]);
        assertThat(open(40).set().size()).isZero();

        ProbeFeed rebuilt = open(40);
        rebuilt.accept(record(0, "id0", "cat", null, 0));
        rebuilt.save();
        assertThat(open(40).set().size()).isEqualTo(1);
    }

    @Test
    void open_fileOfAnOlderWriter_hasItsImagesWithoutTimes() throws IOException {
        new CheckedFile(folder.resolve(ProbeFeed.FILE), 0x4d52_5052_4f42_4531L, "a probe set").write(out -> {
            out.writeInt(40);
            out.writeInt(5);
            out.writeInt(1); // partition 0 up to offset 7
            out.writeInt(0);
            out.writeLong(7);
            out.writeInt(1);
            CheckedFile.writeBytes(out, new byte[] {'i'});
            CheckedFile.writeBytes(out, new byte[] {'c', 'a', 't'});
            out.writeBoolean(true);
            CheckedFile.writeBytes(out, new byte[] {1, 2});
        });
        ProbeFeed feed = open(40);
        assertThat(feed.nextOffset(0)).hasValue(7);
        assertThat(feed.set().images(Half.TEST))
                .singleElement()
                .satisfies(image -> assertThat(image.timeMillis()).isZero());
    }

    private ProbeFeed open(int capacity) {
        EvaluatorConfig config = new ConfigLoader()
                .assignments(List.of("evaluator.probe-capacity=" + capacity, "evaluator.max-classes=5"))
                .load()
                .evaluator();
        return new ProbeFeed(config, folder, file -> file[0] != BROKEN);
    }

    private static List<String> ids(List<ProbeImage> images) {
        return images.stream().map(ProbeImage::id).toList();
    }

    private static ConsumerRecord<byte[], byte[]> record(
            long offset, @Nullable String key, @Nullable String label, @Nullable String split, int content) {
        RecordHeaders headers = new RecordHeaders();
        if (label != null) {
            headers.add(ImageHeaders.LABEL, label.getBytes(StandardCharsets.UTF_8));
        }
        if (split != null) {
            ImageHeaders.put(headers, ImageHeaders.SPLIT, split);
        }
        byte[] id = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
        byte[] value = {(byte) content};
        return new ConsumerRecord<>(
                "probe", 0, offset, 0, TimestampType.CREATE_TIME, 0, 1, id, value, headers, Optional.empty());
    }
}
