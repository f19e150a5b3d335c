package org.millrace.encoder.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ReducedJpegTest {
    private static final int WIDTH = 333;
    private static final int HEIGHT = 205;
    private static final int MAX_PIXELS = 1 << 20;

    @ParameterizedTest
    @CsvSource({
        "2, 3, true, false",
        "4, 3, true, false",
        "8, 3, true, false",
        "4, 3, true, true",
        "2, 3, false, false",
        "4, 1, false, true",
        "8, 1, true, false"
    })
    void decode_reduced_isTheMeanOfWhatIsDecodedWhole(int divisor, int channels, boolean colour, boolean progressive)
            throws Exception {
        byte[] file = jpeg(colour ? BufferedImage.TYPE_INT_RGB : BufferedImage.TYPE_BYTE_GRAY, progressive);
        Pixels whole = new ImageDecoder(channels, MAX_PIXELS).decode(file);
        int width = (WIDTH + divisor - 1) / divisor;
        int height = (HEIGHT + divisor - 1) / divisor;
        Pixels reduced = new ImageDecoder(channels, MAX_PIXELS, new Reduction(width, height, 1)).decode(file);
        assertThat(reduced.width()).isEqualTo(width);
        assertThat(reduced.height()).isEqualTo(height);
        assertThat(reduced.channels()).isEqualTo(channels);
        double difference = 0;
        int compared = 0;
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < HEIGHT / divisor; y++) {
                for (int x = 0; x < WIDTH / divisor; x++) {
                    double mean = 0;
                    for (int i = 0; i < divisor * divisor; i++) {
                        mean += value(whole, c, divisor * y + i / divisor, divisor * x + i % divisor);
                    }
                    difference += Math.abs(value(reduced, c, y, x) - mean / (divisor * divisor));
                    compared++;
                }
            }
        }
        assertThat(difference / compared).isLessThan(2.5);
    }

    @Test
    void decode_cutFile_isRefusedForTheSameReasonAsAtFullSize() throws IOException {
        byte[] file = jpeg(BufferedImage.TYPE_INT_RGB, false);
        byte[] cut = Arrays.copyOf(file, file.length / 2);
        String[] reasons = new String[2];
        for (int i = 0; i < 2; i++) {
            var decoder = new ImageDecoder(3, MAX_PIXELS, i == 0 ? Reduction.NONE : new Reduction(1, 1, 1));
            int at = i;
            assertThatThrownBy(() -> decoder.decode(cut))
                    .isInstanceOfSatisfying(UndecodableImageException.class, e -> reasons[at] = e.reason());
        }
        assertThat(reasons[1]).isEqualTo(reasons[0]);
    }

    @Test
    void decode_otherFormatOrNothingToReduce_isWhatItIsAtFullSize() throws Exception {
        byte[] png = TestImages.write(image(BufferedImage.TYPE_INT_RGB), "png");
        byte[] small = jpeg(BufferedImage.TYPE_INT_RGB, false);
        ImageDecoder full = new ImageDecoder(3, MAX_PIXELS);
        assertThat(new ImageDecoder(3, MAX_PIXELS, new Reduction(1, 1, 1))
                        .decode(png)
                        .values())
                .isEqualTo(full.decode(png).values());
        assertThat(new ImageDecoder(3, MAX_PIXELS, new Reduction(WIDTH, 1, 1))
                        .decode(small)
                        .values())
                .isEqualTo(full.decode(small).values());
    }

    @ParameterizedTest
    @CsvSource({
        "4000, 3000, 4",
        "3000, 4000, 4",
        "8000, 6000, 8",
        "1920, 1080, 2",
        "500, 375, 1",
        "10000, 300, 1",
        "10000, 449, 2",
        "2001, 1002, 2"
    })
    void divisor_viewsOf224WithCropsOfAFifth_leavesTheSmallestCropAViewsPixels(int width, int height, int divisor) {
        Reduction reduction = new Reduction(224, 224, 5 * 224 * 224);
        assertThat(reduction.divisor(width, height)).isEqualTo(divisor);
        assertThat(Reduction.NONE.divisor(width, height)).isEqualTo(1);
    }

    private static int value(Pixels pixels, int channel, int y, int x) {
        return pixels.values()[(channel * pixels.height() + y) * pixels.width() + x] & 0xff;
    }

    private static byte[] jpeg(int type, boolean progressive) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        var bytes = new ByteArrayOutputStream();
        try (var out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setProgressiveMode(progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
            writer.write(null, new IIOImage(image(type), null, null), how);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    // waves of several lengths, another in each colour
    private static BufferedImage image(int type) {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, type);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int red = (int) (127 + 100 * Math.sin(x / 9.0 + y / 31.0));
                int green = (int) (127 + 100 * Math.sin(y / 13.0));
                int blue = (int) (127 + 60 * Math.cos((x + y) / 17.0) + 40 * Math.sin(x / 5.0));
                image.setRGB(x, y, red << 16 | green << 8 | blue);
            }
        }
        return image;
    }
}
