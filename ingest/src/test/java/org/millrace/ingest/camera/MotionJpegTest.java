package org.millrace.ingest.camera;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.UserException;
import org.millrace.ingest.push.ImagePusher;
import org.millrace.ingest.push.PushProgress;
import org.millrace.ingest.push.PushReport;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.push.TestPush;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.SourceEntry;

/** Frames of pipes and files, from bytes to records. */
final class MotionJpegTest {
    private static final byte[] TOO_LARGE_SIZE = withSize(TestFrames.jpeg(9), 60_000, 60_000);

    @TempDir
    Path folder;

    private final FrameCounts counts = new FrameCounts();
    private final TestPush push = new TestPush();

    @Test
    void pipe_framesAndDamage_soundFramesBecomeRecordsAndTheOthersRejects() {
        byte[] cut = Arrays.copyOf(TestFrames.jpeg(2), 200);
        PushReport report = push(pipe(
                Duration.ZERO,
                new TestFrames.Ticking(40),
                TestFrames.jpeg(1),
                cut,
                new byte[] {3, 1, 4},
                TOO_LARGE_SIZE,
                TestFrames.jpeg(5)));

        assertThat(report.pushed()).isEqualTo(2);
        assertThat(push.sent())
                .extracting(ProducerRecord::value)
                .containsExactly(TestFrames.jpeg(1), TestFrames.jpeg(5));
        assertThat(push.ids())
                .containsExactly("gate3/2026-05-01T12:00:00Z!000001", "gate3/2026-05-01T12:00:00Z!000004");
        assertThat(headers(ImageHeaders.SOURCE)).containsExactly("gate3", "gate3");
        assertThat(headers(ImageHeaders.CAPTURED_AT))
                .containsExactly("2026-05-01T12:00:00.040Z", "2026-05-01T12:00:00.160Z");
        assertThat(headers(ImageHeaders.CONTENT_TYPE)).containsExactly("image/jpeg", "image/jpeg");
        assertThat(push.reasons()).hasSize(2);
        assertThat(push.reasons().get(0)).contains("damaged JPEG: it is cut after");
        assertThat(push.reasons().get(1)).contains("60000×60000");
        assertThat(TestPush.header(push.rejects().get(1), ImageHeaders.REJECT_POSITION))
                .contains("gate3!000003");
        assertThat(counts.skippedBytes()).isPositive();
    }

    @Test
    void pipe_withEvery_takesOneFrameInThatTimeAlsoWhenTheClockIsSetBack() throws IOException {
        byte[][] frames = new byte[50][];
        Arrays.setAll(frames, TestFrames::jpeg);
        TestFrames.Ticking clock = new TestFrames.Ticking(40);
        List<String> taken = new ArrayList<>();
        try (EntryReader entries = pipe(Duration.ofMillis(200), clock, frames).open()) {
            for (Optional<SourceEntry> next = entries.next(); next.isPresent(); next = entries.next()) {
                taken.add(next.get().origin().name());
                if (taken.size() == 3) {
                    clock.move(-3_600_000);
                }
            }
        }
        assertThat(taken)
                .startsWith("000001", "000006", "000011", "000012", "000017")
                .hasSize(11);
        assertThat(counts.thinned()).isEqualTo(39);
    }

    @Test
    void file_hasNoTimesAndTheSameIdsEachTime() throws IOException {
        Path file =
                Files.write(folder.resolve("gate.mjpeg"), TestFrames.concat(TestFrames.jpeg(1), TestFrames.jpeg(2)));
        for (int i = 0; i < 2; i++) {
            push(MotionJpeg.file("gate3", file, TestPush.IMAGES.maxBytes(), counts));
        }
        assertThat(push.ids())
                .containsExactly("gate.mjpeg!000001", "gate.mjpeg!000002", "gate.mjpeg!000001", "gate.mjpeg!000002");
        assertThat(headers(ImageHeaders.SOURCE)).hasSize(4).containsOnly("gate3");
        assertThat(headers(ImageHeaders.CAPTURED_AT)).isEmpty();
    }

    @Test
    void pipe_withoutAFrame_saysWhatIsWanted() {
        ImageSource source = pipe(Duration.ZERO, new TestFrames.Ticking(1), "ffmpeg: no such file".getBytes(US_ASCII));
        assertThatThrownBy(() -> push(source))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("gate3 held no JPEG; wanted Motion JPEG");
    }

    @Test
    void waitingFrames_overTheirBytes_dropTheOldest() throws Exception {
        WaitingFrames waiting = new WaitingFrames(2L * TestFrames.jpeg(1).length + 10);
        try (EntryReader entries = pipe(
                        Duration.ZERO,
                        new TestFrames.Ticking(1),
                        TestFrames.jpeg(1),
                        TestFrames.jpeg(1),
                        TestFrames.jpeg(1),
                        TestFrames.jpeg(1))
                .open()) {
            List<Integer> dropped = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                dropped.add(waiting.add(entries.next().orElseThrow()));
            }
            assertThat(dropped).containsExactly(0, 0, 1, 1);
        }
        assertThat(waiting.poll(Duration.ZERO).orElseThrow().origin().name()).isEqualTo("000003");
        assertThat(waiting.poll(Duration.ZERO).orElseThrow().origin().name()).isEqualTo("000004");
        assertThat(waiting.poll(Duration.ZERO)).isEmpty();
    }

    private ImageSource pipe(Duration every, TestFrames.Ticking clock, byte[]... parts) {
        return MotionJpeg.pipe(
                new CameraRequest("gate3", every),
                new ByteArrayInputStream(TestFrames.concat(parts)),
                TestPush.IMAGES.maxBytes(),
                clock,
                counts);
    }

    private PushReport push(ImageSource frames) {
        return ImagePusher.push(
                PushRequest.of(List.of("-"), PushRequest.Target.IMAGES),
                push.producer,
                TestPush.IMAGES,
                PushProgress.SILENT,
                frames);
    }

    private List<String> headers(String name) {
        return push.sent().stream()
                .flatMap(record -> TestPush.header(record, name).stream())
                .toList();
    }

    /** The JPEG with another size in its frame header (SOF0). */
    private static byte[] withSize(byte[] jpeg, int width, int height) {
        byte[] changed = jpeg.clone();
        for (int at = 2; at < changed.length; at += 2 + ((changed[at + 2] & 0xff) << 8 | (changed[at + 3] & 0xff))) {
            if ((changed[at + 1] & 0xff) == 0xc0) {
                changed[at + 5] = (byte) (height >> 8);
                changed[at + 6] = (byte) height;
                changed[at + 7] = (byte) (width >> 8);
                changed[at + 8] = (byte) width;
                return changed;
            }
        }
        throw new IllegalArgumentException("no SOF0");
    }
}
