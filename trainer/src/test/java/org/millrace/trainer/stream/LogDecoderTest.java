package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageOffset;
import org.millrace.encoder.image.DecodeTrial;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Reduction;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.trainer.TestRuns;

final class LogDecoderTest {
    private static final ImageOffset FIRST = new ImageOffset(2, 4_000_000_000L);
    private static final ImageOffset SECOND = new ImageOffset(2, 4_000_000_001L);
    private static final ImageOffset THIRD = new ImageOffset(0, 0);
    private static final int WORKERS = 3;

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
        assertThat(next.decode(0, SECOND, image).width()).isEqualTo(4);
        assertThat(tried).containsExactly(image);

        assertRejected(decoder(true), FIRST);
        assertRejected(LogDecoder.reading(TestRuns.config("run.data=" + folder, "run.name=r")), FIRST);
        assertThat(tried).hasSize(1);
    }

    @Test
    void decode_imageOnWhichAHealthyProcessWasKilled_isDecoded() throws Exception {
        dieOn(FIRST);
        LogDecoder next = decoder(true);
        assertThat(next.decode(0, SECOND, image).height()).isEqualTo(3);
        assertThat(next.decode(0, FIRST, image).height()).isEqualTo(3);
        assertThat(tried).hasSize(1);
        assertThat(decoder(false).decode(0, FIRST, image).height()).isEqualTo(3); // nothing was in hand
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
        assertThatThrownBy(() -> decoder(true).decode(0, FIRST, new byte[] {1}))
                .isInstanceOf(UndecodableImageException.class);
        assertThat(decoder(false).decode(0, FIRST, image).width()).isEqualTo(4);
        assertThat(tried).isEmpty();
    }

    @Test
    void decode_severalInHand_eachIsTriedAndOnlyTheOneThatEndsItsTrialIsRejected() throws Exception {
        byte[] deadly = Arrays.copyOf(image, image.length + 1); // a PNG may have something behind its end
        dieOn(FIRST, SECOND, THIRD);
        LogDecoder next = decoder(WORKERS, file -> file.length == image.length);
        assertThat(next.decode(2, THIRD, image).width()).isEqualTo(4);
        assertThatThrownBy(() -> next.decode(1, SECOND, deadly)).isInstanceOf(UndecodableImageException.class);
        assertThat(next.decode(0, FIRST, image).width()).isEqualTo(4);
        assertThat(tried).containsExactly(image, deadly, image);
        assertThat(decoder(false).decode(0, FIRST, image).width()).isEqualTo(4);
        assertThat(tried).hasSize(3);
    }

    @Test
    void decode_besideAnImageThatEndsThreeProcesses_isDecoded() throws Exception {
        dieOn(FIRST, SECOND);
        for (int death = 2; death <= 3; death++) {
            LogDecoder next = decoder(true);
            assertThat(next.decode(1, SECOND, image).width()).isEqualTo(4);
            dieOn(FIRST, SECOND);
        }
        LogDecoder next = decoder(true);
        assertThat(next.decode(1, SECOND, image).width()).isEqualTo(4);
        assertRejected(next, FIRST);
    }

    @Test
    void decode_suspectOfManyStartsThatCameToNoImage_isStillTriedAndDecoded() throws Exception {
        dieOn(FIRST);
        for (int start = 0; start < 5; start++) {
            decoder(1 + start, file -> true);
        }
        assertThat(decoder(true).decode(1, FIRST, image).width()).isEqualTo(4);
        assertThat(tried).hasSize(1);
    }

    @Test
    void decode_markerOfAReleaseWithOneWorker_isRead() throws Exception {
        Files.createDirectories(runFolder());
        ByteBuffer marker = ByteBuffer.allocate(24)
                .putLong(FIRST.partition() + 1)
                .putLong(FIRST.offset())
                .putLong(2);
        Files.write(runFolder().resolve("decoding"), marker.array());
        assertRejected(decoder(true), FIRST);
    }

    @Test
    void decode_suspect_nothingElseIsDecodedMeanwhile() throws Exception {
        dieOn(FIRST);
        CompletableFuture<LogDecoder> next = new CompletableFuture<>();
        Thread beside = new Thread(() -> {
            try {
                next.join().decode(1, SECOND, image);
            } catch (UndecodableImageException e) {
                throw new IllegalStateException(e);
            }
        });
        List<Thread.State> seen = new ArrayList<>();
        next.complete(decoder(WORKERS, file -> {
            beside.start();
            while (beside.getState() != Thread.State.WAITING && beside.isAlive()) {
                Thread.onSpinWait();
            }
            seen.add(beside.getState());
            return true;
        }));
        next.join().decode(0, FIRST, image);
        beside.join();
        assertThat(seen).containsExactly(Thread.State.WAITING);
    }

    @Test
    void survives_soundAndDamagedImage_bothDo() {
        assertThat(DecodeTrial.survives(image, 3, 1 << 20, Reduction.NONE, HEAP_BYTES))
                .isTrue();
        assertThat(DecodeTrial.survives(new byte[] {1}, 3, 1 << 20, new Reduction(1, 1, 1), HEAP_BYTES))
                .isTrue();
    }

    @Test
    void decode_imageThatEndsARealTrialForWantOfMemory_isRejectedAndTheNextDecoded() throws Exception {
        dieOn(FIRST);
        byte[] large = Arrays.copyOf(image, 2 * HEAP_BYTES); // does not fit into the heap of the trial
        LogDecoder next = decoder(1, file -> DecodeTrial.survives(file, 3, 1 << 20, Reduction.NONE, HEAP_BYTES));
        assertThat(new ImageDecoder(3).decode(large).width()).isEqualTo(4); // nothing else is wrong with it
        assertThatThrownBy(() -> next.decode(0, FIRST, large))
                .isInstanceOf(UndecodableImageException.class)
                .hasMessageContaining("the process that decoded it ended");
        assertThat(next.decode(0, SECOND, image).width()).isEqualTo(4);
        assertThat(runFolder().resolve("poisoned-images")).hasContent("2/4000000000");
    }

    /** What is left of a process that ended while it decoded the image. */
    private void dieOn(ImageOffset... inHand) {
        DecodeMarker marker = DecodeMarker.open(runFolder().resolve("decoding"), WORKERS);
        for (int worker = 0; worker < inHand.length; worker++) {
            marker.begin(worker, inHand[worker]);
        }
    }

    private Path runFolder() {
        return folder.resolve("runs").resolve("r");
    }

    private LogDecoder decoder(boolean survives) {
        return decoder(WORKERS, file -> survives);
    }

    private LogDecoder decoder(int workers, Predicate<byte[]> survives) {
        List<ImageDecoder> decoders =
                Stream.generate(() -> new ImageDecoder(3)).limit(workers).toList();
        return LogDecoder.guarded(decoders, runFolder(), file -> {
            tried.add(file);
            return survives.test(file);
        });
    }

    private void assertRejected(LogDecoder decoder, ImageOffset at) {
        assertThatThrownBy(() -> decoder.decode(0, at, image))
                .isInstanceOf(UndecodableImageException.class)
                .hasMessageContaining("the process that decoded it ended");
    }
}
