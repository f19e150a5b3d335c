package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageOffset;
import org.millrace.trainer.TestRuns;

final class OtherFramesTest {
    private static final int WINDOW = 3;

    private final OtherFrames frames =
            new OtherFrames(TestRuns.config("views.temporal=auto", "views.temporal-window=" + WINDOW));

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void of_framesOfSeveralCameras_oneOfTheSameSegmentWithinTheWindowForHalf(int keptOfEach) {
        List<DecodedImage> all = new ArrayList<>();
        for (int i = 0; i < 4_000; i++) {
            int camera = i % 2;
            all.add(frame(0, i, "camera " + camera, i / 40 * 40 + camera)); // segments of 20 frames each
        }
        frames.begin();
        for (int i = 0; i < all.size(); i++) {
            frames.add(all.get(i), i / 2 % 4 < keptOfEach);
        }
        TreeMap<Long, Integer> distances = new TreeMap<>(); // in frames of the camera
        int kept = 0;
        for (int i = 0; i < all.size(); i++) {
            DecodedImage image = all.get(i);
            Optional<DecodedImage> other = frames.of(image.image().at());
            kept += i / 2 % 4 < keptOfEach ? 1 : 0;
            if (i / 2 % 4 >= keptOfEach) {
                assertThat(other).as("of a skipped frame").isEmpty();
            }
            other.map(DecodedImage::image).ifPresent(found -> {
                assertThat(found.segment()).isEqualTo(image.image().segment());
                assertThat(found.source()).isEqualTo(image.image().source());
                distances.merge((found.at().offset() - image.image().at().offset()) / 2, 1, Integer::sum);
            });
        }
        int drawn = distances.values().stream().mapToInt(Integer::intValue).sum();
        assertThat(drawn / (double) kept).isBetween(0.45, 0.55);
        assertThat(distances.keySet()).containsExactly(-3L, -2L, -1L, 1L, 2L, 3L);
        assertThat(distances.values()).allMatch(count -> count > drawn / 9 && count < drawn / 4);
    }

    @Test
    void of_segmentsOfOneFrame_none() {
        frames.begin();
        List<DecodedImage> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            all.add(frame(0, i, "", i));
            frames.add(all.get(i), true);
        }
        assertThat(all).allMatch(image -> frames.of(image.image().at()).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 65})
    void of_aSourceForEachImage_holdsTheFramesOfTheLastSources(int sources) {
        frames.begin();
        for (int i = 0; i < 4 * sources; i++) {
            frames.add(frame(0, i, "file " + i % sources, i % sources), true);
        }
        long drawn = IntStream.range(0, 4 * sources)
                .filter(i -> frames.of(new ImageOffset(0, i)).isPresent())
                .count();
        assertThat(drawn).isBetween(sources == 64 ? 100L : 0L, sources == 64 ? 156L : 0L);
    }

    @Test
    void of_framesOfTheStepBefore_none() {
        for (int i = 0; i < 100; i++) {
            frames.begin();
            frames.add(frame(0, i, "", 0), true);
            assertThat(frames.of(new ImageOffset(0, i))).isEmpty();
        }
    }

    @Test
    void of_partitionsReadInAnyOrder_theSame() {
        OtherFrames others = new OtherFrames(TestRuns.config("views.temporal=auto", "views.temporal-window=" + WINDOW));
        frames.begin();
        others.begin();
        for (int i = 0; i < 200; i++) {
            frames.add(frame(i % 2, i / 2, "", 0), true);
        }
        for (int i = 0; i < 200; i++) {
            others.add(frame(i / 100, i % 100, "", 0), true);
        }
        List<ImageOffset> chosen = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            ImageOffset at = new ImageOffset(i / 100, i % 100);
            Optional<ImageOffset> one = frames.of(at).map(other -> other.image().at());
            assertThat(others.of(at).map(other -> other.image().at())).isEqualTo(one);
            one.ifPresent(chosen::add);
        }
        assertThat(chosen).hasSizeBetween(70, 130);
    }

    private static DecodedImage frame(int partition, long offset, String source, long segment) {
        LoggedImage image = new LoggedImage(new ImageOffset(partition, offset), offset, source, new byte[0])
                .inSegment(OptionalLong.of(segment));
        return new DecodedImage(image, Optional.empty(), 0, Optional.empty());
    }
}
