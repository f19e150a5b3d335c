package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageOffset;
import org.millrace.encoder.image.DecodeTrial;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.UndecodableImageException;

final class LogDecoderTest {
    private static final ImageOffset FIRST = new ImageOffset(2, 4_000_000_000L);
    private static final ImageOffset SECOND = new ImageOffset(2, 4_000_000_001L);

    private static final int HEAP_BYTES = 16 << 20;

    @TempDir
    private Path folder;

    private final List<byte[]> tried = new ArrayList<>();
    private byte[] image = new byte[0];

    @BeforeEach
    void writeImage() throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(4, 3, BufferedImage.TYPE_INT_RGB), "png", bytes);
        image = bytes.toByteArray();
    }

    @Test
    void decode_imageThatEndedTheProcessAndEndsTheTrial_isRejectedFromThenOn() throws Exception {
        dieOn(FIRST);
        LogDecoder next = decoder(false);
        assertRejected(next, FIRST);
        assertThat(next.decode(SECOND, image).width()).isEqualTo(4);
        assertThat(tried).containsExactly(image);

        assertRejected(decoder(true), FIRST);
        assertRejected(LogDecoder.reading(new ImageDecoder(3), folder), FIRST);
        assertThat(tried).hasSize(1);
    }

    @Test
    void decode_imageOnWhichAHealthyProcessWasKilled_isDecoded() throws Exception {
        dieOn(FIRST);
        LogDecoder next = decoder(true);
        assertThat(next.decode(SECOND, image).height()).isEqualTo(3);
        assertThat(next.decode(FIRST, image).height()).isEqualTo(3);
        assertThat(tried).hasSize(1);
        assertThat(decoder(false).decode(FIRST, image).height()).isEqualTo(3); // nothing was in hand
        assertThat(tried).hasSize(1);
    }

    @Test
    void decode_imageThatPassesItsTrialsButEndsThreeProcesses_isRejected() throws Exception {
        dieOn(FIRST);
        dieOn(FIRST);
        dieOn(FIRST);
        assertRejected(decoder(true), FIRST);
    }

    @Test
    void decode_damagedImage_isNotSuspectedAtTheNextStart() throws Exception {
        assertThatThrownBy(() -> decoder(true).decode(FIRST, new byte[] {1}))
                .isInstanceOf(UndecodableImageException.class);
        assertThat(decoder(false).decode(FIRST, image).width()).isEqualTo(4);
        assertThat(tried).isEmpty();
    }

    @Test
    void survives_soundAndDamagedImage_bothDo() {
        assertThat(DecodeTrial.survives(image, 3, 1 << 20, HEAP_BYTES)).isTrue();
        assertThat(DecodeTrial.survives(new byte[] {1}, 3, 1 << 20, HEAP_BYTES)).isTrue();
    }

    @Test
    void decode_imageThatEndsARealTrialForWantOfMemory_isRejectedAndTheNextDecoded() throws Exception {
        dieOn(FIRST);
        byte[] large = Arrays.copyOf(image, 2 * HEAP_BYTES); // does not fit into the heap of the trial
        LogDecoder next = LogDecoder.guarded(
                new ImageDecoder(3), folder, file -> DecodeTrial.survives(file, 3, 1 << 20, HEAP_BYTES));
        assertThat(new ImageDecoder(3).decode(large).width()).isEqualTo(4); // nothing else is wrong with it
        assertThatThrownBy(() -> next.decode(FIRST, large))
                .isInstanceOf(UndecodableImageException.class)
                .hasMessageContaining("the process that decoded it ended");
        assertThat(next.decode(SECOND, image).width()).isEqualTo(4);
        assertThat(folder.resolve("poisoned-images")).hasContent("2/4000000000");
    }

    /** What is left of a process that ended while it decoded the image. */
    private void dieOn(ImageOffset at) {
        DecodeMarker.open(folder.resolve("decoding")).begin(at);
    }

    private LogDecoder decoder(boolean survives) {
        return LogDecoder.guarded(new ImageDecoder(3), folder, file -> {
            tried.add(file);
            return survives;
        });
    }

    private void assertRejected(LogDecoder decoder, ImageOffset at) {
        assertThatThrownBy(() -> decoder.decode(at, image))
                .isInstanceOf(UndecodableImageException.class)
                .hasMessageContaining("the process that decoded it ended");
    }
}
