package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.trainer.TestRuns;

/** Outcomes and views of a batch are the same for any number of threads and any memory for pixels. */
@Timeout(300) // only a hang takes that long
final class PreparationTest {
    private static final int PIXELS = 3 * 4 * 4; // of a TestLog image, in bytes
    private static final int HELD = 1024; // what an image of fewer bytes counts

    @ParameterizedTest
    @CsvSource({"1, 0", "1, 5", "2, 0", "2, 1", "2, 100", "4, 2", "4, 100", "7, 3", "7, 100"})
    void makeViews_anyThreadsAndMemory_sameAsOnOneWithPlenty(int threads, int held) throws InterruptedException {
        assertThat(prepared(threads, held)).isEqualTo(prepared(1, 100));
    }

    @Test
    void decode_moreThanMayBeHeld_keepsNoMoreThanThatUntilTheirViewsAreMade() throws InterruptedException {
        MillraceConfig config = TestRuns.config("trainer.prepare-threads=2");
        try (Preparation preparation = new Preparation(config, LogDecoder.reading(config), 5 * HELD)) {
            List<DecodedImage> first = decoded(preparation.decode(images(3, 7)));
            List<DecodedImage> second = decoded(preparation.decode(images(13, 17)));
            assertThat(first).allMatch(image -> image.pixels().isPresent());
            assertThat(second).filteredOn(image -> image.pixels().isPresent()).hasSize(1);
            assertThat(second).allMatch(image -> image.bytes() == PIXELS);
            List<DecodedImage> batch = new ArrayList<>(first);
            batch.addAll(second);
            preparation.makeViews(
                    1, batch, ViewBuffers.allocate(preparation.views(), TestRuns.BATCH, config.encoder()));
            assertThat(decoded(preparation.decode(images(23, 30))))
                    .filteredOn(image -> image.pixels().isPresent())
                    .hasSize(5);
        }
    }

    @Test
    void makeViews_otherFrame_makesTheSecondViewFromItAndTheFirstFromTheImage() throws InterruptedException {
        MillraceConfig config = TestRuns.config("augment.jitter-probability=0", "augment.grey-probability=0");
        try (Preparation preparation = new Preparation(config, LogDecoder.reading(config))) {
            List<DecodedImage> decoded = decoded(preparation.decode(images(3, 5))); // of one grey value each
            DecodedImage first =
                    decoded.get(0).withOtherFrame(Optional.of(decoded.get(1).withoutPixels()));
            ViewBuffers views = ViewBuffers.allocate(preparation.views(), TestRuns.BATCH, config.encoder());
            preparation.makeViews(7, List.of(first, decoded.get(1)), views);
            int second = 16 * 16 * 3 * Float.BYTES; // where the second image's views begin
            float dark = views.views().get(0).values().getFloat(0);
            float light = views.views().get(0).values().getFloat(second);
            assertThat(light).isGreaterThan(dark);
            assertThat(views.views().get(1).values().getFloat(0)).isEqualTo(light);
            assertThat(views.views().get(1).values().getFloat(second)).isEqualTo(light);
            assertThat(first.secondFrom()).hasValue(new ImageOffset(0, 4));
        }
    }

    private static List<Object> prepared(int threads, int held) throws InterruptedException {
        MillraceConfig config = TestRuns.config("trainer.prepare-threads=" + threads);
        try (Preparation preparation = new Preparation(config, LogDecoder.reading(config), (long) held * HELD)) {
            List<DecodeOutcome> outcomes = preparation.decode(images(0, 9));
            List<DecodedImage> batch = new ArrayList<>(decoded(outcomes));
            for (int i = 0; i + 1 < batch.size(); i += 3) {
                batch.set(
                        i,
                        batch.get(i).withOtherFrame(Optional.of(batch.get(i + 1).withoutPixels())));
            }
            ViewBuffers views = ViewBuffers.allocate(preparation.views(), TestRuns.BATCH, config.encoder());
            preparation.makeViews(7, batch, views);
            CRC32 sum = new CRC32();
            views.views().forEach(view -> sum.update(view.values()));
            return List.of(
                    sum.getValue(),
                    batch.stream().map(image -> image.image().at()).toList(),
                    outcomes.stream()
                            .map(outcome -> outcome instanceof Rejection)
                            .toList());
        }
    }

    private static List<DecodedImage> decoded(List<DecodeOutcome> outcomes) {
        return outcomes.stream()
                .filter(DecodedImage.class::isInstance)
                .map(DecodedImage.class::cast)
                .toList();
    }

    // the third of ten is no image
    private static List<LoggedImage> images(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(offset -> new LoggedImage(
                        new ImageOffset(0, offset),
                        offset,
                        "",
                        offset % 10 == 2 ? TestLog.TEXT : TestLog.image(20 * (offset % 10))))
                .toList();
    }
}
