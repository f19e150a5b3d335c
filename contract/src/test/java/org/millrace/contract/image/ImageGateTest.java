package org.millrace.contract.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Declared sizes that the file does not have, and the work that the gate finds. */
final class ImageGateTest {
    private static final int MAX_PIXELS = 32 << 20;

    @ParameterizedTest
    @ValueSource(ints = {0x7fffffff, -1, 33, 40})
    void judge_pngWhoseDataIsLongerThanTheFile_isRefused(int length) throws Exception {
        byte[] png = png(4, 4, chunk("IDAT", new byte[12]));
        assertThat(ImageGate.judge(png, MAX_PIXELS).width()).isEqualTo(4);
        ByteBuffer.wrap(png).putInt(33, length);
        assertRefused(png, "its chunk of");
    }

    @Test
    void judge_pngWithoutItsLastChecksums_isKept() throws Exception {
        byte[] png = png(4, 4, chunk("IDAT", new byte[12]));
        assertThat(ImageGate.judge(Arrays.copyOf(png, 33 + 8 + 8), MAX_PIXELS).height())
                .isEqualTo(4);
        assertRefused(Arrays.copyOf(png, 33 + 8 + 7), "its chunk of");
    }

    @Test
    void judge_pngWithALongChunkBesideItsPixels_isRefusedBeforeThemAndCutBehind() throws Exception {
        byte[] text = chunk("tEXt", new byte[3]);
        ByteBuffer.wrap(text).putInt(0x7fffffff);
        assertRefused(png(4, 4, text, chunk("IDAT", new byte[12])), "its chunk of");
        assertThat(ImageGate.judge(png(4, 4, chunk("IDAT", new byte[12]), text), MAX_PIXELS)
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
        for (int at : new int[] {4, 2 + 2 + 8 + 3 + 2}) { // of the frame and its first scan
            byte[] longer = jpeg.clone();
            ByteBuffer.wrap(longer).putShort(at, (short) -1);
            assertRefused(longer, "");
        }
        jpeg[11] = 4; // components
        assertRefused(jpeg, "wrong length");
    }

    @Test
    void judge_gifWhosePaletteIsLongerThanTheFile_isRefused() {
        byte[] gif = "GIF89a\1\0\1\0\u00f7\0\0".getBytes(StandardCharsets.ISO_8859_1);
        assertRefused(gif, "its palette of 768 bytes");
    }

    @Test
    void work_manyScans_countsEachAndASmallImageIsCheap() throws Exception {
        long once = ImageGate.judge(jpeg(5792, 1), MAX_PIXELS).work();
        assertThat(once).isBetween(5792L * 5792, 5792L * 5792 + 100);
        assertThat(ImageGate.judge(jpeg(5792, 10), MAX_PIXELS).work()).isBetween(10 * once - 1000, 10 * once + 1000);
        assertThat(ImageGate.judge(jpeg(32, 1), MAX_PIXELS).work()).isLessThan(10_000);
        assertThat(ImageGate.judge(bmp(24, 100, 100), MAX_PIXELS).work()).isEqualTo(30_000);
        assertThat(ImageGate.judge(webp(100, 100, 6), MAX_PIXELS).work()).isEqualTo(70_000);
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

    private static byte[] jpeg(int side, int scans) {
        ByteBuffer file = ByteBuffer.allocate(4 + 13 + 11 * scans)
                .putShort((short) 0xffd8)
                .putInt(0xffc2000b)
                .put((byte) 8)
                .putShort((short) side)
                .putShort((short) side)
                .put(new byte[] {1, 1, 0x11, 0});
        for (int i = 0; i < scans; i++) {
            file.putInt(0xffda0008).put(new byte[] {1, 1, 0, 0, 0, 0, 0});
        }
        return file.putShort((short) 0xffd9).array();
    }
}
