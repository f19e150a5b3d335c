package org.millrace.trainer.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.AugmentConfig.View;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.Pixels;
import org.millrace.trainer.TestRuns;

final class ViewMakerTest {
    private static final long SEED = 41;
    private static final String[] PLAIN = {
        "augment.crop-scale-min=1",
        "augment.flip-probability=0",
        "augment.jitter-probability=0",
        "augment.grey-probability=0"
    };

    @Test
    void make_sameCoordinates_sameView() {
        MillraceConfig config = TestRuns.config("augment.blur-probability=0.5");
        ViewMaker reused = maker(config);
        Pixels pixels = noise(3, 40, 30);
        for (int index = 0; index < 50; index++) {
            float[] view = view(reused, pixels, index);
            assertThat(view).hasSize(3 * 16 * 16);
            assertThat(view)
                    .containsExactly(view(maker(config), pixels, index))
                    .isNotEqualTo(view(reused, pixels, index + 1));
        }
    }

    @Test
    void make_nothingRandom_theNormalisedImage() {
        MillraceConfig config = TestRuns.config(PLAIN);
        Pixels pixels = noise(3, 24, 24);
        FloatBuffer wanted = FloatBuffer.allocate(3 * 16 * 16);
        new InputTransform(config.encoder()).apply(pixels, wanted);
        float[] view = view(maker(config), pixels, 0);
        assertThat(view).containsExactly(planes(wanted.array()));
    }

    @Test
    void make_flipAlways_mirrored() {
        float[] plain = view(maker(with("augment.flip-probability=0")), noise(3, 16, 16), 0);
        float[] flipped = view(maker(with("augment.flip-probability=1")), noise(3, 16, 16), 0);
        for (int i = 0; i < plain.length; i++) {
            assertThat(flipped[i]).isEqualTo(plain[i - i % 16 + 15 - i % 16]);
        }
    }

    @Test
    void make_greyAlways_channelsEqual() {
        MillraceConfig config = with("augment.grey-probability=1", "encoder.mean=0", "encoder.standard-deviation=1");
        float[] view = view(maker(config), noise(3, 32, 32), 0);
        for (int i = 0; i < 256; i++) {
            assertThat(view[i]).isEqualTo(view[256 + i]).isEqualTo(view[512 + i]);
        }
    }

    @Test
    void make_constantImage_normalisedByChannel() {
        MillraceConfig config = TestRuns.config(
                "augment.jitter-probability=0",
                "augment.grey-probability=0",
                "augment.blur-probability=1",
                "encoder.mean=0.5,0.4,0.3",
                "encoder.standard-deviation=0.1,0.2,0.5");
        byte[] values = new byte[3 * 20 * 33];
        java.util.Arrays.fill(values, (byte) 102); // 0.4
        float[] wanted = {-1, 0, 0.2f};
        for (int index = 0; index < 20; index++) {
            float[] view = view(maker(config), new Pixels(3, 20, 33, values), index);
            for (int i = 0; i < view.length; i++) {
                assertThat(view[i]).isCloseTo(wanted[i / 256], within(1e-5f));
            }
        }
    }

    @Test
    void make_everyAugmentation_colourStaysInRange() {
        MillraceConfig config = TestRuns.config(
                "augment.jitter-probability=1",
                "augment.brightness=1",
                "augment.contrast=1",
                "augment.saturation=1",
                "augment.hue=0.5",
                "augment.grey-probability=0.2",
                "augment.blur-probability=0.5",
                "encoder.mean=0",
                "encoder.standard-deviation=1");
        ViewMaker maker = maker(config);
        for (int index = 0; index < 200; index++) {
            for (float value : view(maker, noise(3, 19, 27), index)) {
                assertThat(value).isBetween(-1e-5f, 1 + 1e-5f);
            }
        }
    }

    @Test
    void make_greyInput_oneChannel() {
        MillraceConfig config = TestRuns.config("encoder.channels=1", "augment.jitter-probability=1");
        FloatBuffer target = FloatBuffer.allocate(16 * 16);
        maker(config).make(noise(1, 28, 28), CounterRandom.of(SEED, 1, Purpose.VIEW_ONE, 0), target);
        assertThat(target.remaining()).isZero();
        for (float value : target.array()) {
            assertThat(value).isFinite();
        }
    }

    private static MillraceConfig with(String... assignments) {
        List<String> all = new ArrayList<>(List.of(PLAIN));
        all.addAll(List.of(assignments));
        return TestRuns.config(all.toArray(String[]::new));
    }

    private static ViewMaker maker(MillraceConfig config) {
        return new ViewMaker(config.encoder(), config.augment(), View.FIRST);
    }

    private static float[] view(ViewMaker maker, Pixels pixels, long index) {
        FloatBuffer target = FloatBuffer.allocate(3 * 16 * 16);
        maker.make(pixels, CounterRandom.of(SEED, 1, Purpose.VIEW_ONE, index), target);
        assertThat(target.remaining()).isZero();
        return planes(target.array());
    }

    // H×W×C to C×H×W
    private static float[] planes(float[] channelsTogether) {
        float[] planes = new float[channelsTogether.length];
        for (int i = 0; i < planes.length; i++) {
            planes[i % 3 * 256 + i / 3] = channelsTogether[i];
        }
        return planes;
    }

    private static Pixels noise(int channels, int height, int width) {
        System.out.println("seed " + SEED);
        byte[] values = new byte[channels * height * width];
        CounterRandom.of(SEED, 0, Purpose.SHUFFLE, 0).nextBytes(values);
        return new Pixels(channels, height, width, values);
    }
}
