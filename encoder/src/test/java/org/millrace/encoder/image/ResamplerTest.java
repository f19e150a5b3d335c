package org.millrace.encoder.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.TestEncoders;

final class ResamplerTest {
    /**
     * The vector's pixels are real numbers and ours are bytes; but resampling is linear, so the pixels' digits in base 256 are
     * resampled one after the other and the results added up, which loses less than 256⁻⁵.
     */
    @Test
    void resample_referenceVectorDigitByDigit_sameImages() {
        ReferenceVector vector = ReferenceVector.load("aug_resized_crop");
        JsonNode crops = vector.parameter("crops");
        for (int c = 0; c < crops.size(); c++) {
            for (JsonNode size : vector.parameter("sizes")) {
                int outHeight = size.path(0).asInt();
                int outWidth = size.path(1).asInt();
                vector.check(
                        "crop" + c + "_to_" + outHeight + "x" + outWidth,
                        byDigits(vector, crops.path(c), outHeight, outWidth));
            }
        }
        vector.allChecked();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void resample_randomBoxes_asTheSlowReference(boolean antialias) {
        long seed = 9;
        System.out.println("seed " + seed);
        RandomGenerator random = CounterRandom.of(seed, 0, CounterRandom.Purpose.SHUFFLE, 0);
        Resampler resampler = new Resampler(antialias);
        for (int i = 0; i < 100; i++) {
            int height = 1 + random.nextInt(40);
            int width = 1 + random.nextInt(40);
            int channels = random.nextBoolean() ? 3 : 1;
            byte[] values = new byte[channels * height * width];
            random.nextBytes(values);
            Pixels pixels = new Pixels(channels, height, width, values);
            int boxHeight = 1 + random.nextInt(height);
            int boxWidth = 1 + random.nextInt(width);
            int top = random.nextInt(height - boxHeight + 1);
            int left = random.nextInt(width - boxWidth + 1);
            int outHeight = 1 + random.nextInt(24);
            int outWidth = 1 + random.nextInt(24);
            float[] target = new float[channels * outHeight * outWidth];
            resampler.resample(pixels, top, left, boxHeight, boxWidth, target, outHeight, outWidth);
            for (int c = 0; c < channels; c++) {
                for (int y = 0; y < outHeight; y++) {
                    for (int x = 0; x < outWidth; x++) {
                        double sum = 0;
                        for (int sy = 0; sy < boxHeight; sy++) {
                            for (int sx = 0; sx < boxWidth; sx++) {
                                int value = values[(c * height + top + sy) * width + left + sx] & 0xff;
                                sum += weight(y, sy, boxHeight, outHeight, antialias)
                                        * weight(x, sx, boxWidth, outWidth, antialias)
                                        * value;
                            }
                        }
                        assertThat((double) target[(c * outHeight + y) * outWidth + x])
                                .as("image %d at (%d, %d)", i, y, x)
                                .isCloseTo(sum / 255, within(2e-6));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void resample_constantImageToAQuarter_staysConstant(boolean antialias) {
        byte[] values = new byte[3 * 64 * 48];
        Arrays.fill(values, (byte) 200);
        float[] target = new float[3 * 16 * 12];
        new Resampler(antialias).resample(new Pixels(3, 64, 48, values), 0, 0, 64, 48, target, 16, 12);
        for (float value : target) {
            assertThat(value).isCloseTo(200 / 255f, within(1e-6f));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void resample_sameSize_samePixels(boolean antialias) {
        long seed = 10;
        System.out.println("seed " + seed);
        byte[] values = new byte[3 * 9 * 11];
        CounterRandom.of(seed, 0, CounterRandom.Purpose.SHUFFLE, 0).nextBytes(values);
        float[] target = new float[values.length];
        new Resampler(antialias).resample(new Pixels(3, 9, 11, values), 0, 0, 9, 11, target, 9, 11);
        for (int i = 0; i < values.length; i++) {
            assertThat(target[i]).isCloseTo((values[i] & 0xff) / 255f, within(1e-7f));
        }
    }

    @Test
    void resample_stripesToAQuarter_antialiasingMixesThem() {
        byte[] values = new byte[64 * 64];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) (i % 2 * 255);
        }
        Pixels stripes = new Pixels(1, 64, 64, values);
        float[] target = new float[16 * 16];
        new Resampler(true).resample(stripes, 0, 0, 64, 64, target, 16, 16);
        for (int y = 0; y < 16; y++) {
            for (int x = 1; x < 15; x++) {
                assertThat(target[y * 16 + x]).isCloseTo(0.5f, within(1e-5f));
            }
        }
    }

    @Test
    void inputTransform_wideImage_centreCutOutAndNormalised() {
        EncoderConfig config = TestEncoders.config(
                        "encoder.height=16", "encoder.width=16", "encoder.mean=0.5", "encoder.standard-deviation=0.25")
                .encoder();
        byte[] values = new byte[3 * 16 * 48];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < 16; y++) {
                for (int x = 0; x < 48; x++) {
                    values[(c * 16 + y) * 48 + x] = (byte) (x / 16 == c ? 255 : 0); // red, green, blue thirds
                }
            }
        }
        FloatBuffer target = FloatBuffer.allocate(3 * 16 * 16);
        new InputTransform(config).apply(new Pixels(3, 16, 48, values), target);
        assertThat(target.remaining()).isZero();
        for (int i = 0; i < target.capacity(); i++) {
            boolean green = i % 3 == 1; // H×W×C: channels together
            assertThat(target.get(i)).isCloseTo(green ? 2 : -2, within(1e-5f));
        }
    }

    // weight of input position j for output position i: bilinear between the two nearest, or a triangle as wide as the
    // scale
    private static double weight(int i, int j, int in, int out, boolean antialias) {
        double scale = (double) in / out;
        double centre = (i + 0.5) * scale - 0.5;
        if (!antialias) {
            double at = Math.max(0, centre);
            int first = Math.min((int) Math.floor(at), in - 1);
            int second = Math.min(first + 1, in - 1);
            double part = at - first;
            return (j == first ? 1 - part : 0) + (j == second ? part : 0);
        }
        double support = Math.max(1, scale);
        double sum = 0;
        for (int k = 0; k < in; k++) {
            sum += Math.max(0, 1 - Math.abs(k - centre) / support);
        }
        return Math.max(0, 1 - Math.abs(j - centre) / support) / sum;
    }

    private static float[] byDigits(ReferenceVector vector, JsonNode crop, int outHeight, int outWidth) {
        int channels = vector.size("image", 0);
        double[] rest = vector.doubles("image");
        double[] sum = new double[channels * outHeight * outWidth];
        float[] target = new float[sum.length];
        double unit = 1;
        for (int digit = 0; digit < 5; digit++) {
            unit /= 256;
            byte[] digits = new byte[rest.length];
            for (int i = 0; i < rest.length; i++) {
                rest[i] *= 256;
                int value = (int) rest[i];
                digits[i] = (byte) value;
                rest[i] -= value;
            }
            new Resampler(false)
                    .resample(
                            new Pixels(channels, vector.size("image", 1), vector.size("image", 2), digits),
                            crop.path(0).asInt(),
                            crop.path(1).asInt(),
                            crop.path(2).asInt(),
                            crop.path(3).asInt(),
                            target,
                            outHeight,
                            outWidth);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += target[i] * 255.0 * unit;
            }
        }
        float[] result = new float[sum.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) sum[i];
        }
        return result;
    }
}
