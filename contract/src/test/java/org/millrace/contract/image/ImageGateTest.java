package org.millrace.contract.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Declared sizes that the file does not have, and the work that the gate finds. */
final class ImageGateTest {
    private static final int MAX_PIXELS = 32 << 20;
    /** Of a PNG: begins a zlib stream. */
    private static final byte[] DATA = {0x78, (byte) 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    /** Of a JPEG: quantisation table 0, and Huffman tables 0 of both classes. */
    private static final byte[] TABLES = ByteBuffer.allocate(69 + 2 * 22)
            .put(new byte[] {(byte) 0xff, (byte) 0xdb, 0, 67, 0})
            .put(69, new byte[] {(byte) 0xff, (byte) 0xc4, 0, 20, 0, 1})
            .put(91, new byte[] {(byte) 0xff, (byte) 0xc4, 0, 20, 0x10, 1})
            .array();

    @ParameterizedTest
    @ValueSource(ints = {0x7fffffff, -1, 33, 40})
    void judge_pngWhoseDataIsLongerThanTheFile_isRefused(int length) throws Exception {
        byte[] png = png(4, 4, chunk("IDAT", DATA));
        assertThat(ImageGate.judge(png, MAX_PIXELS).width()).isEqualTo(4);
        ByteBuffer.wrap(png).putInt(33, length);
        assertRefused(png, "its chunk of");
    }

    @Test
    void judge_pngWithoutItsLastChecksums_isKept() throws Exception {
        byte[] png = png(4, 4, chunk("IDAT", DATA));
        assertThat(ImageGate.judge(Arrays.copyOf(png, 33 + 8 + 8), MAX_PIXELS).height())
                .isEqualTo(4);
        assertRefused(Arrays.copyOf(png, 33 + 8 + 7), "its chunk of");
    }

    @Test
    void judge_pngWithALongChunkBesideItsPixels_isRefusedBeforeThemAndCutBehind() throws Exception {
        byte[] text = chunk("tEXt", new byte[3]);
        ByteBuffer.wrap(text).putInt(0x7fffffff);
        assertRefused(png(4, 4, text, chunk("IDAT", DATA)), "its chunk of");
        assertThat(ImageGate.judge(png(4, 4, chunk("IDAT", DATA), text), MAX_PIXELS)
                        .width())
                .isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x7fffffff, -1, 4096})
    void judge_bmpWithALongerPaletteThanTheFile_isRefused(int entries) throws Exception {
        for (int bits : new int[] {1, 4, 8, 24}) {
            byte[] bmp = bmp(bits, 2, 2);
            assertThat(ImageGate.judge(bmp, MAX_PIXELS).width()).isEqualTo(2);
            ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN).putInt(46, entries);
            assertRefused(bmp, "its palette of");
        }
    }

    @Test
    void judge_bmpWhoseOtherSizesDoNotFit_isRefused() {
        for (int at : new int[] {10, 14, 18, 22}) { // of the pixels' place, the header, width, height
            byte[] bmp = bmp(24, 2, 2);
            ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN).putInt(at, 0x7fffffff);
            assertRefused(bmp, "");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x7fffffff, -1, 0, 11, 100})
    void judge_webpWhoseHeaderSaysAnotherLength_isRefused(int length) throws Exception {
        byte[] webp = webp(4, 4, 6);
        assertThat(ImageGate.judge(webp, MAX_PIXELS).width()).isEqualTo(4);
        ByteBuffer.wrap(webp).order(ByteOrder.LITTLE_ENDIAN).putInt(4, length);
        assertRefused(webp, "its header says");
    }

    @Test
    void judge_webpWhoseChunkOrPartitionIsLonger_isRefused() {
        assertRefused(webp(4, 4, 7), "its first partition of");
        byte[] webp = webp(4, 4, 6);
        ByteBuffer.wrap(webp).order(ByteOrder.LITTLE_ENDIAN).putInt(16, 0x7fffffff);
        assertRefused(webp, "its chunk 'VP8 ' of");
    }

    @Test
    void judge_jpegWhoseSegmentsDoNotFit_isRefused() throws Exception {
        byte[] jpeg = jpeg(5792, 15);
        assertThat(ImageGate.judge(jpeg, MAX_PIXELS).height()).isEqualTo(5792);
        for (int at : new int[] {4, 4 + 13}) { // of the frame and its first scan
            byte[] longer = jpeg.clone();
            ByteBuffer.wrap(longer).putShort(TABLES.length + at, (short) -1);
            assertRefused(longer, "");
        }
        jpeg[TABLES.length + 11] = 4; // components
        assertRefused(jpeg, "wrong length");
    }

    @Test
    void judge_gifWhosePaletteIsLongerThanTheFile_isRefused() {
        byte[] gif = "GIF89a\1\0\1\0\u00f7\0\0".getBytes(StandardCharsets.ISO_8859_1);
        assertRefused(gif, "its palette of 768 bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf})
    void judge_jpegOfAProcessThatNoDecoderTakes_namesIt(int code) {
        byte[] jpeg = jpeg(64, 1);
        jpeg[TABLES.length + 3] = (byte) code;
        assertRefused(jpeg, "jpeg of a kind that is not read: ");
        assertRefused(jpeg, "(SOF" + (code - 0xc0) + "); convert it to an ordinary JPEG or PNG");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 9, 10, 12, 16, 255})
    void judge_jpegOfOtherThan8Bits_namesThem(int bits) {
        byte[] jpeg = jpeg(64, 1);
        jpeg[TABLES.length + 6] = (byte) bits;
        assertRefused(jpeg, "jpeg of a kind that is not read: samples of " + bits + " bits");
    }

    @Test
    void judge_jpegWhoseTablesAreMissingOrScanIsWrong_isRefused() throws Exception {
        for (int code : new int[] {0xdb, 0xc4}) { // comments in their place
            byte[] jpeg = jpeg(64, 1);
            for (int at : new int[] {2, 2 + 69}) {
                jpeg[at + 1] = (jpeg[at + 1] & 0xff) == code ? (byte) 0xfe : jpeg[at + 1];
            }
            assertRefused(jpeg, code == 0xdb ? "its quantisation table 0 is missing" : "Huffman table");
            jpeg[TABLES.length + 3] = (byte) 0xc0; // not progressive: standard Huffman tables are put in
            if (code == 0xc4) {
                byte[] reduced = ImageGate.judge(jpeg, MAX_PIXELS).reduced();
                assertThat(HexFormat.of().formatHex(reduced))
                        .contains(HexFormat.of().formatHex(StandardCodes.segment()));
            }
        }
        int coefficients = TABLES.length + 2 + 13 + 2 + 5;
        for (byte[] wrong : new byte[][] {{0, 5, 0}, {0, 63, 0}, {1, 64, 0}, {5, 1, 0}, {1, 5, 0x31}, {1, 5, 14}}) {
            byte[] jpeg = jpeg(64, 1);
            System.arraycopy(wrong, 0, jpeg, coefficients, 3);
            assertRefused(jpeg, "damaged jpeg: a scan of coefficients ");
        }
    }

    @Test
    void judge_narrowJpegOfManyScans_isRefusedForItsRows() throws Exception {
        assertThat(ImageGate.judge(jpeg(8, 65_500, 100), MAX_PIXELS).work()).isGreaterThan(100 * 8188 * 200L);
        assertRefused(
                jpeg(8, 65_500, 1_000), "too much work to decode: this jpeg counts as more than 536870912 samples");
    }

    /** The script of libjpeg's jpeg_simple_progression, which cameras and programs write. */
    @ParameterizedTest
    @CsvSource({"5792, 5792", "512, 65500", "65500, 512", "8, 65500", "4032, 3024"})
    void judge_progressiveJpegOfTenScans_passesAtEverySize(int width, int height) throws Exception {
        ByteBuffer file = ByteBuffer.allocate(1024)
                .putShort((short) 0xffd8)
                .put(TABLES)
                .putInt(0xffc20011)
                .put((byte) 8)
                .putShort((short) height)
                .putShort((short) width)
                .put(new byte[] {3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0});
        int[][] scans = { // component (0: all), first and last coefficient, bits
            {0, 0, 0, 0x01}, {1, 1, 5, 0x02}, {3, 1, 63, 0x01}, {2, 1, 63, 0x01}, {1, 6, 63, 0x02},
            {1, 1, 63, 0x21}, {0, 0, 0, 0x10}, {3, 1, 63, 0x10}, {2, 1, 63, 0x10}, {1, 1, 63, 0x10}
        };
        for (int[] scan : scans) {
            byte[] components = scan[0] == 0 ? new byte[] {3, 1, 0, 2, 0, 3, 0} : new byte[] {1, (byte) scan[0], 0};
            file.putShort((short) 0xffda)
                    .putShort((short) (5 + components.length))
                    .put(components)
                    .put(new byte[] {(byte) scan[1], (byte) scan[2], (byte) scan[3]});
        }
        byte[] jpeg = Arrays.copyOf(file.putShort((short) 0xffd9).array(), file.position());
        assertThat(ImageGate.judge(jpeg, MAX_PIXELS).height()).isEqualTo(height);
    }

    @Test
    void judge_pngOfAKindThatDoesNotExist_isRefused() throws Exception {
        for (int colours = 0; colours < 8; colours++) {
            for (int bits : new int[] {0, 1, 2, 3, 4, 8, 16, 32}) {
                byte[] png = png(4, 4, chunk("PLTE", new byte[6]), chunk("IDAT", DATA));
                png[24] = (byte) bits;
                png[25] = (byte) colours;
                boolean known = Map.of(0, "1 2 4 8 16", 2, "8 16", 3, "1 2 4 8", 4, "8 16", 6, "8 16")
                        .getOrDefault(colours, "")
                        .matches("(.* )?" + bits + "( .*)?");
                if (known) {
                    assertThat(ImageGate.judge(png, MAX_PIXELS).width()).isEqualTo(4);
                } else {
                    assertRefused(png, "damaged png: " + bits + " bits of colour type " + colours);
                }
            }
        }
        for (int at : new int[] {26, 27, 28}) { // compression, filter, interlace
            byte[] png = png(4, 4, chunk("IDAT", DATA));
            png[at] = 2;
            assertRefused(png, "damaged png: compression ");
        }
        byte[] palette = png(4, 4, chunk("IDAT", DATA));
        palette[25] = 3;
        assertRefused(palette, "its palette is missing");
        assertRefused(png(4, 4, chunk("IDAT", new byte[12])), "which begins no zlib stream");
    }

    @Test
    void judge_gifThatEndsBeforeItsLastPixel_isRefused() throws Exception {
        byte[] gif = "GIF89a\2\0\2\0\0\0\0,\0\0\0\0\2\0\2\0\0\2\3\4\0\5\0;".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(ImageGate.judge(gif, MAX_PIXELS).width()).isEqualTo(2);
        assertThat(ImageGate.judge(Arrays.copyOf(gif, gif.length - 1), MAX_PIXELS)
                        .width())
                .isEqualTo(2);
        assertRefused(Arrays.copyOf(gif, gif.length - 4), "damaged gif: its frame has 1 of 4 pixels");
        assertRefused(Arrays.copyOf(gif, gif.length - 5), "damaged gif: its frame has 0 of 4 pixels");
    }

    @Test
    void judge_bmpWhoseMasksNoPixelHas_isRefused() throws Exception {
        int[][] wrong = {{0, 0, 0}, {0xf0f0, 0x0f0f, 3}, {0x1f0000, 0x7e0, 0x1f}};
        for (int[] masks : wrong) {
            assertRefused(masked(masks), "damaged bmp: ");
        }
        assertThat(ImageGate.judge(masked(0xf800, 0x7e0, 0x1f), MAX_PIXELS).width())
                .isEqualTo(2);
        assertThat(ImageGate.judge(masked(0, 0, 0x1f), MAX_PIXELS).width()).isEqualTo(2);
    }

    @Test
    void work_manyScans_countsEachAndASmallImageIsCheap() throws Exception {
        long once = ImageGate.judge(jpeg(5792, 1), MAX_PIXELS).work();
        assertThat(once).isBetween(5792L * 5792, 5792L * 5792 * 102 / 100);
        assertThat(ImageGate.judge(jpeg(5792, 10), MAX_PIXELS).work()).isBetween(9 * once, 10 * once);
        assertThat(ImageGate.judge(jpeg(32, 1), MAX_PIXELS).work()).isLessThan(10_000);
        assertThat(ImageGate.judge(bmp(24, 100, 100), MAX_PIXELS).work()).isEqualTo(20_000 + 800 + 30_000);
        assertThat(ImageGate.judge(webp(100, 100, 6), MAX_PIXELS).work()).isEqualTo(49 * 2560 + 7 * 16 + 800);
        assertThat(ImageGate.judge(png(100, 100, chunk("IDAT", DATA)), MAX_PIXELS)
                        .work())
                .isEqualTo(4 * 10_000 + 800);
    }

    private static void assertRefused(byte[] file, String reason) {
        assertThatThrownBy(() -> ImageGate.judge(file, MAX_PIXELS))
                .isInstanceOf(UnsoundImageException.class)
                .hasMessageContaining(reason);
    }

    private static byte[] png(int width, int height, byte[]... chunks) {
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put(new byte[] {8, 2, 0, 0, 0})
                .array();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes("\u0089PNG\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1));
        file.writeBytes(chunk("IHDR", header));
        for (byte[] chunk : chunks) {
            file.writeBytes(chunk);
        }
        file.writeBytes(chunk("IEND", new byte[0]));
        return file.toByteArray();
    }

    private static byte[] chunk(String name, byte[] body) {
        return ByteBuffer.allocate(12 + body.length)
                .putInt(body.length)
                .put(name.getBytes(StandardCharsets.ISO_8859_1))
                .put(body)
                .array();
    }

    private static byte[] bmp(int bits, int width, int height) {
        int row = (width * bits + 31) / 32 * 4;
        int palette = bits > 8 ? 0 : 4 << bits;
        return ByteBuffer.allocate(54 + palette + row * height)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("BM".getBytes(StandardCharsets.ISO_8859_1))
                .putLong(0)
                .putInt(54 + palette)
                .putInt(40)
                .putInt(width)
                .putInt(height)
                .putShort((short) 1)
                .putShort((short) bits)
                .array();
    }

    /** A key frame of 16 bytes, of which the last 6 are its partitions. */
    private static byte[] webp(int width, int height, int firstPartition) {
        return ByteBuffer.allocate(36)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(28)
                .put("WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(16)
                .put((byte) (firstPartition << 5))
                .putShort((short) (firstPartition >> 3))
                .put("\u009d\1*".getBytes(StandardCharsets.ISO_8859_1))
                .putShort((short) width)
                .putShort((short) height)
                .array();
    }

    /** Four pixels of 16 bits with these masks. */
    private static byte[] masked(int... masks) {
        ByteBuffer file =
                ByteBuffer.wrap(Arrays.copyOf(bmp(16, 2, 2), 54 + 12 + 8)).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(10, 54 + 12).putInt(30, 3);
        for (int i = 0; i < 3; i++) {
            file.putInt(54 + 4 * i, masks[i]);
        }
        return file.array();
    }

    private static byte[] jpeg(int side, int scans) {
        return jpeg(side, side, scans);
    }

    private static byte[] jpeg(int width, int height, int scans) {
        ByteBuffer file = ByteBuffer.allocate(4 + TABLES.length + 13 + 10 * scans)
                .putShort((short) 0xffd8)
                .put(TABLES)
                .putInt(0xffc2000b)
                .put((byte) 8)
                .putShort((short) height)
                .putShort((short) width)
                .put(new byte[] {1, 1, 0x11, 0});
        for (int i = 0; i < scans; i++) {
            file.putInt(0xffda0008).put(new byte[] {1, 1, 0, 0, 0, 0});
        }
        return file.putShort((short) 0xffd9).array();
    }
}
