package org.millrace.encoder.classifier;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.AugmentConfig;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.TestEncoders;
import org.millrace.encoder.image.TestImages;
import org.millrace.encoder.image.UndecodableImageException;

final class ImageInputsTest {
    private static final int SIDE = 16;
    private static final String WHOLE = "augment.crop-scale-min=1";
    private static final String NARROWEST = "augment.crop-ratio-min=1";
    private static final String WIDEST = "augment.crop-ratio-max=1";
    private static final EncoderConfig ENCODER = TestEncoders.encoder("resnet20", "cifar", SIDE, 3);

    private final List<byte[]> images = List.of(
            TestImages.write(TestImages.noise(SIDE, SIDE, 1), "png"),
            TestImages.write(TestImages.noise(SIDE, SIDE, 2), "png"));

    @Test
    void cropped_wholeAreaWithoutFlip_isTheCentre() throws UndecodableImageException {
        ImageInputs inputs = inputs(WHOLE, NARROWEST, WIDEST, "augment.flip-probability=0");
        assertThat(inputs.cropped(images, random(0))).isEqualTo(inputs.centred(images));
    }

    @Test
    void cropped_wholeAreaWithFlip_isTheCentreMirrored() throws UndecodableImageException {
        ImageInputs inputs = inputs(WHOLE, NARROWEST, WIDEST, "augment.flip-probability=1");
        float[] mirrored = inputs.cropped(images, random(0));
        float[] straight = inputs.centred(images);
        for (int row = 0; row < 2 * SIDE; row++) {
            for (int x = 0; x < SIDE; x++) {
                int from = 3 * (row * SIDE + x);
                int to = 3 * (row * SIDE + SIDE - 1 - x);
                assertThat(Arrays.copyOfRange(mirrored, from, from + 3))
                        .isEqualTo(Arrays.copyOfRange(straight, to, to + 3));
            }
        }
    }

    @Test
    void cropped_partOfTheArea_isAnotherOneEachTimeAndTheSameForTheSameSource() throws UndecodableImageException {
        ImageInputs inputs = inputs("augment.crop-scale-min=0.2", "augment.crop-scale-max=0.6");
        float[] first = inputs.cropped(images, random(1));
        assertThat(inputs.cropped(images, random(1))).isEqualTo(first);
        assertThat(inputs.cropped(images, random(2))).isNotEqualTo(first);
    }

    @Test
    void cropped_wideImageInWhichNoBoxOfThatAreaFits_isTheCentre() throws UndecodableImageException {
        List<byte[]> wide = List.of(TestImages.write(TestImages.noise(3 * SIDE, SIDE, 3), "png"));
        ImageInputs inputs = inputs(WHOLE, NARROWEST, WIDEST, "augment.flip-probability=0");
        for (int draw = 0; draw < 5; draw++) {
            assertThat(inputs.cropped(wide, random(draw))).isEqualTo(inputs.centred(wide));
        }
    }

    private static ImageInputs inputs(String... assignments) {
        AugmentConfig augment = TestEncoders.config(assignments).augment();
        return new ImageInputs(ENCODER, augment);
    }

    private static CounterRandom random(long index) {
        return CounterRandom.of(19, 0, CounterRandom.Purpose.PROBE, index);
    }
}
