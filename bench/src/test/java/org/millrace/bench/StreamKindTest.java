package org.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.bench.StreamKind.Amounts;
import org.millrace.bench.StreamKind.Shot;
import org.millrace.contract.ImageHeaders;
import org.millrace.ingest.local.ImageFiles;

/** The orders of streams, and the frames of their clips. */
final class StreamKindTest {
    private static final Amounts AMOUNTS = new Amounts(1, 10, 4, 4);
    private static final List<String> LABELS =
            IntStream.range(0, 1_000).mapToObj(i -> "class-" + i % 10).toList();

    @ParameterizedTest
    @EnumSource
    void shots_haveEveryImageAndAscendingTimesAndFollowFromTheSeed(StreamKind kind) {
        List<Shot> shots = kind.shots(LABELS, AMOUNTS);
        assertThat(shots)
                .extracting(Shot::image)
                .containsAll(IntStream.range(0, 1_000).boxed().toList());
        assertThat(shots).extracting(Shot::millis).isSorted();
        assertThat(kind.shots(LABELS, AMOUNTS)).isEqualTo(shots);
        assertThat(kind.shots(LABELS, new Amounts(2, 10, 4, 4))).isNotEqualTo(shots);
    }

    @Test
    void byClassAndRecurring_haveRunsOfOneClass() {
        assertThat(runs(StreamKind.BY_CLASS.shots(LABELS, AMOUNTS))).hasSize(10).containsOnly(100);
        assertThat(runs(StreamKind.RECURRING.shots(LABELS, AMOUNTS)))
                .hasSize(40)
                .containsOnly(25);
        assertThat(runs(StreamKind.SHUFFLED.shots(LABELS, AMOUNTS))).hasSizeGreaterThan(800);
    }

    @Test
    void clips_haveTheMeanLengthAndStayTogetherOnTheirCamera() {
        List<Shot> shots = StreamKind.CLIPS.shots(LABELS, AMOUNTS);
        assertThat(shots).hasSize(10_000);
        assertThat(shots.subList(0, 8)).extracting(Shot::camera).containsExactly(0, 1, 2, 3, 0, 1, 2, 3);
        for (int camera = 0; camera < 4; camera++) {
            int of = camera;
            List<Shot> own = shots.stream().filter(shot -> shot.camera() == of).toList();
            int clips = 0;
            for (int i = 0; i < own.size(); i += own.get(i).frames()) {
                List<Shot> clip = own.subList(i, i + own.get(i).frames());
                assertThat(clip).extracting(Shot::image).containsOnly(own.get(i).image());
                assertThat(clip)
                        .extracting(Shot::frame)
                        .isEqualTo(IntStream.range(0, clip.size()).boxed().toList());
                clips++;
            }
            assertThat(clips).isEqualTo(250);
        }
    }

    /** Of a Pareto law with shape 2 half of the clips are shorter than the square root of 2 times the shortest, a tenth longer than 3.2 times. */
    @Test
    void lengths_areHeavyTailed() {
        List<Integer> lengths = new ArrayList<>(StreamKind.lengths(10_000, 10, new Random(1)));
        Collections.sort(lengths);
        assertThat(lengths.stream().mapToLong(Integer::longValue).sum()).isEqualTo(100_000);
        assertThat(lengths.get(0)).isBetween(5, 6);
        assertThat(lengths.get(5_000)).isBetween(7, 9);
        assertThat(lengths.get(9_000)).isBetween(14, 19);
        assertThat(lengths.get(9_999)).isGreaterThan(100);
    }

    @Test
    void file_ofClip_isTheImageMovedByTwoPixelsAtMost() throws IOException {
        BufferedImage image = gradient(32, 32);
        var frames = new StreamFrames(1, 0, 224);
        for (int frame = 0; frame < 60; frame++) {
            Shot shot = new Shot(7, 2, frame, 60, 0);
            BufferedImage drawn = decoded(frames.file(StreamKind.CLIPS, shot, png(image)));
            double light = (drawn.getRGB(16, 16) & 0xff) / 128.0; // blue is 128 everywhere
            long x = Math.round((drawn.getRGB(16, 16) >> 16 & 0xff) / light / 4);
            long y = Math.round((drawn.getRGB(16, 16) >> 8 & 0xff) / light / 4);
            assertThat(light).isBetween(0.84, 1.16);
            assertThat(x).isBetween(14L, 18L);
            assertThat(y).isBetween(14L, 18L);
            assertThat(frames.file(StreamKind.CLIPS, shot, png(image)))
                    .isEqualTo(frames.file(StreamKind.CLIPS, shot, png(image)));
        }
    }

    @Test
    void file_ofPan_isAWindowOfThatSizeAlsoOfASmallPhotograph() throws IOException {
        for (int side : new int[] {40, 64, 300}) {
            byte[] photograph = png(gradient(side + 10, side));
            var frames = new StreamFrames(1, 0, 64);
            List<Integer> sums = new ArrayList<>();
            for (int frame = 0; frame < 3; frame++) {
                BufferedImage drawn = decoded(frames.file(StreamKind.PAN, new Shot(1, 0, frame, 3, 0), photograph));
                assertThat(drawn.getWidth()).isEqualTo(64);
                assertThat(drawn.getHeight()).isEqualTo(64);
                sums.add(drawn.getRGB(32, 32));
            }
            assertThat(sums.stream().distinct().count())
                    .as("moves, side %d", side)
                    .isGreaterThan(1);
        }
    }

    @Test
    void send_recordsSayCameraLabelAndTimeAndTheDigestIsTheSameAgain() throws Exception {
        List<ImageFiles.Image> images = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            images.add(new ImageFiles.Image("i" + i, Optional.of("class-" + i % 3), png(gradient(8 + i, 8))));
        }
        List<String> said = new ArrayList<>();
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            var producer = new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
            said.add(new Streams(StreamKind.CLIPS, Map.of("limit", "6", "mean", "3"), images).send(producer, "clips"));
            sent = producer.history();
        }
        assertThat(said.get(0))
                .startsWith("CLIPS: 18 frames of 6 images in 3 classes")
                .isEqualTo(said.get(1));
        assertThat(sent).hasSize(18).extracting(ProducerRecord::timestamp).isSorted();
        var second = sent.get(1).headers();
        assertThat(ImageHeaders.text(second, ImageHeaders.SOURCE)).hasValue("camera-2");
        assertThat(ImageHeaders.text(second, ImageHeaders.CAPTURED_AT)).hasValue("2026-01-01T00:00:00.025Z");
        assertThat(ImageHeaders.text(second, ImageHeaders.CONTENT_TYPE)).hasValue("image/png");
        assertThat(ImageHeaders.text(second, ImageHeaders.LABEL)).isPresent();
    }

    private static List<Integer> runs(List<Shot> shots) {
        List<Integer> runs = new ArrayList<>();
        String last = "";
        for (Shot shot : shots) {
            String label = LABELS.get(shot.image());
            if (label.equals(last)) {
                runs.set(runs.size() - 1, runs.get(runs.size() - 1) + 1);
            } else {
                runs.add(1);
            }
            last = label;
        }
        return runs;
    }

    /** Red is 4 times the column, green 4 times the row, blue 128. */
    private static BufferedImage gradient(int width, int height) {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, (4 * x & 0xff) << 16 | (4 * y & 0xff) << 8 | 128);
            }
        }
        return image;
    }

    private static byte[] png(BufferedImage image) throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    private static BufferedImage decoded(byte[] file) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(file));
    }
}
