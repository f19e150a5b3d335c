package org.millrace.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ImageSnifferTest {
    private static final int MAX_BYTES = 1000;

    @ParameterizedTest
    @CsvSource({"png,image/png", "jpeg,image/jpeg", "gif,image/gif", "bmp,image/bmp"})
    void judge_realImage_isAcceptedWithItsType(String format, String contentType) {
        assertThat(judge(TestImages.encoded(format, 3))).isEqualTo(new Accepted(contentType));
    }

    @Test
    void judge_webp_isAccepted() {
        assertThat(judge(TestImages.text("RIFF\1\2\3\4WEBPVP8 "))).isEqualTo(new Accepted("image/webp"));
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
        assertThat(judge(new byte[0])).isEqualTo(new Rejection(Rejection.Kind.EMPTY, "empty"));
    }

    @Test
    void judge_imageAtTheLimit_isAccepted_andOneByteMoreIsNot() {
        byte[] image = Arrays.copyOf(TestImages.png(1), MAX_BYTES);
        assertThat(judge(image)).isEqualTo(new Accepted("image/png"));
        assertThat(reason(Arrays.copyOf(image, MAX_BYTES + 1)))
                .isEqualTo("larger than images.max-bytes (1000): 1001 bytes");
    }

    private static Verdict judge(byte[] bytes) {
        return ImageSniffer.judge(Content.of(bytes), MAX_BYTES);
    }

    private static String reason(byte[] bytes) {
        return ((Rejection) judge(bytes)).reason();
    }
}
