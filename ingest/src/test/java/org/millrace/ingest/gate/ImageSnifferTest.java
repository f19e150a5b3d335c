package org.millrace.ingest.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.source.Content;
import org.millrace.ingest.source.TestImages;

final class ImageSnifferTest {
    private static final int MAX_BYTES = 1024;
    private static final ImagesConfig IMAGES = new ImagesConfig(
            "images", "images.rejected", "probe", 1, MAX_BYTES, 100_000, "", 1, ImagesConfig.DecodeScale.FULL);

    @ParameterizedTest
    @CsvSource({"png,image/png", "jpeg,image/jpeg", "gif,image/gif", "bmp,image/bmp"})
    void judge_realImage_isAcceptedWithItsType(String format, String contentType) {
        assertThat(judge(TestImages.encoded(format, 3))).isEqualTo(new Accepted(contentType));
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpeg", "gif", "bmp"})
    void judge_imageThatEndsEarly_isRejected(String format) {
        byte[] image = TestImages.encoded(format, 3);
        assertThat(judge(Arrays.copyOf(image, image.length / 2)))
                .isInstanceOfSatisfying(
                        Rejection.class,
                        rejection -> assertThat(rejection.kind()).isEqualTo(Rejection.Kind.UNSOUND));
    }

    @Test
    void judge_webp_isAccepted() {
        byte[] key = HexFormat.of()
                .parseHex("52494646160000005745425056503820" + "0a000000" + "000000" + "9d012a" + "01000100");
        assertThat(judge(key)).isEqualTo(new Accepted("image/webp"));
    }

    @Test
    void judge_morePixelsThanAllowed_isRejected() {
        byte[] png = TestImages.png(1);
        ByteBuffer.wrap(png).putInt(16, 1000).putInt(20, 1000);
        assertThat(judge(png))
                .isEqualTo(new Rejection(
                        Rejection.Kind.UNSOUND, "too large: 1000×1000 is more than 100000 pixels (images.max-pixels)"));
    }

    @Test
    void judge_text_saysHowItBegins() {
        assertThat(reason(TestImages.text("hello,\n  world")))
                .isEqualTo("not an image: begins with text 'hello, world'");
        assertThat(reason(TestImages.text("BMW cars ".repeat(20))))
                .isEqualTo("not an image: begins with text 'BMW cars BMW cars BMW ca…'");
        assertThat(reason(TestImages.text("żółw ".repeat(20)))).startsWith("not an image: begins with text 'żółw żółw");
    }

    @Test
    void judge_otherBytes_namesThem() {
        assertThat(reason(new byte[] {1, (byte) 0xfe, 0, 7, 9}))
                .isEqualTo("not an image: begins with bytes 01 fe 00 07");
        assertThat(reason(new byte[] {(byte) 0xff})).isEqualTo("not an image: begins with bytes ff");
    }

    @Test
    void judge_knownFormatThatIsNotRead_saysWhatToDo() {
        assertThat(reason(new byte[] {'I', 'I', 42, 0, 8}))
                .isEqualTo("not an image: TIFF is not read; convert it to PNG or JPEG");
        assertThat(reason(TestImages.text("\0\0\0\30ftypheic"))).contains("HEIC");
        assertThat(reason(TestImages.text("PK\3\4....."))).contains("a zip file");
    }

    @Test
    void judge_empty_isRejected() {
        assertThat(judge(new byte[0])).isEqualTo(new Rejection(Rejection.Kind.EMPTY, "empty: it has no bytes"));
    }

    @Test
    void judge_imageAtTheLimit_isAccepted_andOneByteMoreIsNot() {
        byte[] image = Arrays.copyOf(TestImages.png(1), MAX_BYTES);
        assertThat(judge(image)).isEqualTo(new Accepted("image/png"));
        assertThat(reason(Arrays.copyOf(image, MAX_BYTES + 1)))
                .isEqualTo("larger than images.max-bytes (1024): 1025 bytes");
    }

    private static Verdict judge(byte[] bytes) {
        return ImageSniffer.judge(Content.of(bytes), IMAGES);
    }

    private static String reason(byte[] bytes) {
        return ((Rejection) judge(bytes)).reason();
    }
}
