package org.millrace.trainer.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.Pixels;

/**
 * The views of a run are part of its history: a journal replayed by a later version must make the same ones. The digests were computed
 * when a view had no settings but crop scale, flip, jitter, grey and blur.
 */
final class PinnedViewsTest {
    @ParameterizedTest
    @CsvSource({
        "'', 77da71d0f94d809c4bf76a72a120b95f9cfab2db8a7650f3c71325fcf40673b4",
        "augment.crop-scale-min=0.08 augment.crop-scale-max=0.9 augment.flip-probability=0.3"
                + " augment.jitter-probability=0.9 augment.brightness=0.8 augment.contrast=0.7 augment.saturation=0.6"
                + " augment.hue=0.3 augment.grey-probability=0.4 augment.blur-probability=0.5"
                + " augment.blur-sigma-min=0.3 augment.blur-sigma-max=1.5, 542651339610255695d6534345db40c35e049250ccc53387de740cb554d4687b",
        "encoder.channels=1 encoder.height=48 encoder.width=40 augment.blur-probability=0.5, aa8680c694ac99fb6a942274f3f88bd1d3e238001120ef00e87ceaf9a5ff8d48",
    })
    void make_settingsOfTheFirstVersion_sameBits(String settings, String digest) {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of(("run.seed=11 " + settings).split(" ")))
                .load();
        int channels = config.encoder().channels();
        int size = channels * config.encoder().height() * config.encoder().width();
        int images = 32;
        ByteBuffer bytes = ByteBuffer.allocate(2 * images * size * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        FloatBuffer first = bytes.asFloatBuffer();
        FloatBuffer second = bytes.asFloatBuffer().position(images * size);
        Views views = new Views(config);
        for (int i = 0; i < images; i++) {
            byte[] values = new byte[channels * (24 + i) * (60 - i)];
            CounterRandom.of(5, 0, Purpose.SHUFFLE, i).nextBytes(values);
            Pixels pixels = new Pixels(channels, 24 + i, 60 - i, values);
            views.make(pixels, 70, i, List.of(first, second));
        }
        assertThat(second.remaining()).isZero();
        assertThat(Sha256.of(bytes.array())).isEqualTo(digest);
    }
}
