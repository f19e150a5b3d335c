package org.millrace.encoder.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageDecoderTest {
    private static final int WIDTH = 13;
    private static final int HEIGHT = 7;

    private final ImageDecoder rgb = new ImageDecoder(3);
    private final ImageDecoder grey = new ImageDecoder(1);

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp"})
    void decode_losslessColour_samePixels(String format) throws UndecodableImageException {
        BufferedImage image = TestImages.noise(WIDTH, HEIGHT, 1);
        Pixels pixels = rgb.decode(TestImages.write(image, format));
        assertThat(pixels.height()).isEqualTo(HEIGHT);
        assertThat(pixels.width()).isEqualTo(WIDTH);
        assertThat(pixels.values()).isEqualTo(planes(image));
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp", "gif"})
    void decode_palette_samePixels(String format) throws UndecodableImageException {
        byte[] red = new byte[256];
        byte[] green = new byte[256];
        byte[] blue = new byte[256];
        for (int i = 0; i < 256; i++) {
            red[i] = (byte) i;
            green[i] = (byte) (7 * i);
            blue[i] = (byte) (255 - i);
        }
        var palette = new BufferedImage(
                WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 256, red, green, blue));
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            palette.getRaster().setSample(i % WIDTH, i / WIDTH, 0, i * 2);
        }
        assertThat(rgb.decode(TestImages.write(palette, format)).values()).isEqualTo(planes(palette));
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp"})
    void decode_grey_sameValuesInEveryChannel(String format) throws UndecodableImageException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
        byte[] values = ramp(image);
        byte[] file = TestImages.write(image, format);
        assertThat(grey.decode(file).values()).isEqualTo(values);
        byte[] colour = rgb.decode(file).values();
        for (int c = 0; c < 3; c++) {
            assertThat(Arrays.copyOfRange(colour, c * values.length, (c + 1) * values.length))
                    .isEqualTo(values);
        }
    }

    @Test
    void decode_greyOf16Bits_upperByte() throws UndecodableImageException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_USHORT_GRAY);
        byte[] wanted = new byte[WIDTH * HEIGHT];
        for (int i = 0; i < wanted.length; i++) {
            int value = i * 700;
            image.getRaster().setSample(i % WIDTH, i / WIDTH, 0, value);
            wanted[i] = (byte) (value >> 8);
        }
        assertThat(grey.decode(TestImages.write(image, "png")).values()).isEqualTo(wanted);
    }

    @Test
    void decode_blackAndWhite_0And255() throws UndecodableImageException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_BINARY);
        byte[] wanted = new byte[WIDTH * HEIGHT];
        for (int i = 0; i < wanted.length; i += 3) {
            image.getRaster().setSample(i % WIDTH, i / WIDTH, 0, 1);
            wanted[i] = (byte) 255;
        }
        assertThat(grey.decode(TestImages.write(image, "png")).values()).isEqualTo(wanted);
    }

    @Test
    void decode_colourWithAlpha_alphaDropped() throws UndecodableImageException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_4BYTE_ABGR);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            image.setRGB(i % WIDTH, i / WIDTH, ((i % 256) << 24) | ((i * 70_001) & 0xffffff));
        }
        assertThat(rgb.decode(TestImages.write(image, "png")).values()).isEqualTo(planes(image));
    }

    @Test
    void decode_greyWithAlpha_alphaDropped() throws UndecodableImageException {
        var model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_GRAY),
                true,
                false,
                Transparency.TRANSLUCENT,
                DataBuffer.TYPE_BYTE);
        WritableRaster raster = model.createCompatibleWritableRaster(WIDTH, HEIGHT);
        BufferedImage image = new BufferedImage(model, raster, false, null);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            raster.setSample(i % WIDTH, i / WIDTH, 1, i);
        }
        byte[] values = ramp(image);
        assertThat(grey.decode(TestImages.write(image, "png")).values()).isEqualTo(values);
    }

    @Test
    void decode_colourToGrey_lumaOfPil() throws UndecodableImageException {
        BufferedImage image = TestImages.noise(WIDTH, HEIGHT, 2);
        byte[] planes = planes(image);
        int plane = WIDTH * HEIGHT;
        byte[] pixels = grey.decode(TestImages.write(image, "png")).values();
        for (int i = 0; i < plane; i++) {
            double luma = 0.299 * (planes[i] & 0xff)
                    + 0.587 * (planes[plane + i] & 0xff)
                    + 0.114 * (planes[2 * plane + i] & 0xff);
            assertThat((double) (pixels[i] & 0xff)).isBetween(luma - 0.51, luma + 0.51);
        }
    }

    @Test
    void decode_jpeg_closeToItsSource() throws UndecodableImageException {
        BufferedImage image = smooth(48, 32);
        byte[] planes = planes(image);
        byte[] pixels = rgb.decode(TestImages.write(image, "jpg")).values();
        double worst = 0;
        double sum = 0;
        for (int i = 0; i < planes.length; i++) {
            double off = Math.abs((planes[i] & 0xff) - (pixels[i] & 0xff));
            worst = Math.max(worst, off);
            sum += off;
        }
        assertThat(worst).isLessThanOrEqualTo(16); // quality 75
        assertThat(sum / planes.length).isLessThan(4);
    }

    @Test
    void decode_greyJpeg_closeToItsSource() throws UndecodableImageException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
        byte[] values = ramp(image);
        byte[] pixels = grey.decode(TestImages.write(image, "jpg")).values();
        for (int i = 0; i < values.length; i++) {
            assertThat(Math.abs((values[i] & 0xff) - (pixels[i] & 0xff))).isLessThanOrEqualTo(8);
        }
    }

    @Test
    void decode_webp_knownColour() throws UndecodableImageException {
        Pixels pixels = rgb.decode(TestImages.webp(3, 2, 10, 200, 77));
        assertThat(pixels.width()).isEqualTo(3);
        assertThat(pixels.height()).isEqualTo(2);
        assertThat(pixels.values())
                .isEqualTo(new byte[] {10, 10, 10, 10, 10, 10, -56, -56, -56, -56, -56, -56, 77, 77, 77, 77, 77, 77});
    }

    @Test
    void decode_noImage_saysWhy() {
        assertReason(new byte[0], "empty: it has no bytes");
        assertReason(TestImages.ascii("this is a text file"), "not an image: begins with text 'this is a text file'");
        assertReason(new byte[] {(byte) 0xff, (byte) 0xd8}, "not an image: begins with bytes ff d8");
        assertReason(TestImages.ascii("GIF89a"), "damaged gif");
        assertReason(TestImages.ascii("BM"), "not an image: begins with text 'BM'");
        assertReason(TestImages.ascii("RIFF\0\0\0\0WEBP"), "damaged webp");
    }

    @ParameterizedTest
    @CsvSource({"jpg, jpeg", "png, png", "gif, gif", "bmp, bmp"})
    void decode_cutAnywhere_saysDamaged(String format, String name) {
        byte[] file = TestImages.write(TestImages.noise(64, 64, 4), format);
        for (int length : new int[] {20, file.length / 2, file.length * 9 / 10}) {
            assertReason(Arrays.copyOf(file, length), "damaged " + name);
        }
    }

    @Test
    void decode_jpegWithoutItsLastTwoBytes_allPixelsAreThere() throws UndecodableImageException {
        byte[] file = TestImages.write(smooth(48, 32), "jpg");
        byte[] withoutEnd = Arrays.copyOf(file, file.length - 2); // the end marker
        assertThat(rgb.decode(withoutEnd).values()).isEqualTo(rgb.decode(file).values());
    }

    @Test
    void decode_jpegWithoutItsTables_doesNotTakeThoseOfTheImageBefore() throws Exception {
        byte[] file = TestImages.write(smooth(48, 32), "jpg");
        byte[] withoutCodes = without(file, 0xc4);
        Pixels alone = new ImageDecoder(3).decode(withoutCodes);
        assertThat(alone.values()).isEqualTo(rgb.decode(file).values()); // it was written with the standard ones
        rgb.decode(progressive(TestImages.noise(64, 64, 4))); // its tables are its own
        assertThat(rgb.decode(withoutCodes).values()).isEqualTo(alone.values());
        assertReason(without(file, 0xdb), "damaged jpeg: its quantisation table 0 is missing");
    }

    private static byte[] progressive(BufferedImage image) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam wanted = writer.getDefaultWriteParam();
        wanted.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), wanted);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    /** The file without its segments of a kind. */
    private static byte[] without(byte[] jpeg, int code) {
        ByteBuffer kept = ByteBuffer.allocate(jpeg.length).put(jpeg, 0, 2);
        int at = 2;
        while ((jpeg[at + 1] & 0xff) != 0xda) {
            int length = 2 + ((jpeg[at + 2] & 0xff) << 8 | (jpeg[at + 3] & 0xff));
            if ((jpeg[at + 1] & 0xff) != code) {
                kept.put(jpeg, at, length);
            }
            at += length;
        }
        kept.put(jpeg, at, jpeg.length - at);
        return Arrays.copyOf(kept.array(), kept.position());
    }

    @Test
    void decode_pngThatDeclares60000Squared_refusedBeforeMemoryIsTaken() {
        byte[] file = hugePng(60_000, 60_000);
        assertThat(file).hasSizeLessThan(100);
        assertReason(
                file,
                "too large: 60000×60000 is more than 33554432 pixels (images.max-pixels)"); // 10.8 GB would not fit the
        // heap
    }

    @Test
    void decode_morePixelsThanSet_refused() {
        byte[] file = TestImages.write(TestImages.noise(11, 10, 3), "png");
        assertThatThrownBy(() -> new ImageDecoder(3, 109).decode(file))
                .isInstanceOfSatisfying(
                        UndecodableImageException.class,
                        e -> assertThat(e.reason())
                                .isEqualTo("too large: 11×10 is more than 109 pixels (images.max-pixels)"));
        assertThatCode(() -> new ImageDecoder(3, 110).decode(file)).doesNotThrowAnyException();
    }

    @Test
    void decode_afterADamagedFile_nextIsRight() throws UndecodableImageException {
        BufferedImage image = TestImages.noise(WIDTH, HEIGHT, 3);
        byte[] file = TestImages.write(image, "png");
        for (int i = 0; i < 3; i++) {
            assertReason(Arrays.copyOf(file, file.length / 2), "damaged png");
            assertThat(rgb.decode(file).values()).isEqualTo(planes(image));
        }
    }

    private void assertReason(byte[] file, String words) {
        assertThatThrownBy(() -> rgb.decode(file))
                .isInstanceOfSatisfying(
                        UndecodableImageException.class,
                        e -> assertThat(e.reason()).contains(words));
    }

    private static byte[] hugePng(int width, int height) {
        byte[] header = ByteBuffer.allocate(17)
                .put(TestImages.ascii("IHDR"))
                .putInt(width)
                .putInt(height)
                .put(new byte[] {8, 2, 0, 0, 0})
                .array();
        CRC32 crc = new CRC32();
        crc.update(header);
        return ByteBuffer.allocate(8 + 4 + header.length + 4 + 8)
                .put(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10})
                .putInt(13)
                .put(header)
                .putInt((int) crc.getValue())
                .putInt(0)
                .put(TestImages.ascii("IDAT"))
                .array();
    }

    private static BufferedImage smooth(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, ((5 * x) << 16) | ((7 * y) << 8) | (2 * (x + y)));
            }
        }
        return image;
    }

    // rises slowly, so that JPEG keeps it
    private static byte[] ramp(BufferedImage image) {
        byte[] values = new byte[WIDTH * HEIGHT];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) (5 * (i % WIDTH) + 20 * (i / WIDTH));
            image.getRaster().setSample(i % WIDTH, i / WIDTH, 0, values[i] & 0xff);
        }
        return values;
    }

    private static byte[] planes(BufferedImage image) {
        int plane = image.getWidth() * image.getHeight();
        byte[] planes = new byte[3 * plane];
        for (int i = 0; i < plane; i++) {
            int packed = image.getRGB(i % image.getWidth(), i / image.getWidth());
            planes[i] = (byte) (packed >> 16);
            planes[plane + i] = (byte) (packed >> 8);
            planes[2 * plane + i] = (byte) packed;
        }
        return planes;
    }
}
