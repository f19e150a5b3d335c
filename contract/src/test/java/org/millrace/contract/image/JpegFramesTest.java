package org.millrace.contract.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.Sha256;
import org.millrace.contract.image.JpegFrames.Frame;
import org.millrace.contract.image.JpegFrames.State;

/** Frames of every kind, between bytes of every kind, whole and damaged. */
final class JpegFramesTest {
    private static final int MOST = 100_000;
    private static final byte[] PART_HEAD =
            "\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    @Test
    void next_framesOfEveryKind_comeByteForByte() throws IOException {
        for (long seed = 1; seed <= 50; seed++) {
            Random random = new Random(seed);
            List<byte[]> frames = frames(random, 8);
            var stream = new ByteArrayOutputStream();
            for (byte[] frame : frames) {
                switch (random.nextInt(3)) {
                    case 0 -> stream.writeBytes(PART_HEAD);
                    case 1 -> stream.writeBytes(new byte[random.nextInt(5)]);
                    default -> {} // frame follows frame
                }
                stream.writeBytes(frame);
            }
            JpegFrames split = new JpegFrames(inPieces(stream.toByteArray(), random), MOST);
            assertThat(all(split)).as("seed %d", seed).allMatch(frame -> frame.state() == State.WHOLE);
            assertThat(names(split(stream.toByteArray(), seed)))
                    .as("seed %d", seed)
                    .isEqualTo(frames.stream().map(JpegFramesTest::name).toList());
            assertThat(split.skippedBytes()).as("seed %d", seed).isZero();
        }
    }

    /** A piece is lost, overwritten or put in anywhere in one frame: that frame may be lost, and no other. */
    @ParameterizedTest
    @ValueSource(strings = {"lost", "overwritten", "put in"})
    void next_oneFrameDamaged_othersComeByteForByte(String damage) throws IOException {
        for (long seed = 1; seed <= 100; seed++) {
            Random random = new Random(seed);
            List<byte[]> frames = frames(random, 5);
            List<byte[]> sent = new ArrayList<>(frames);
            sent.set(2, damaged(frames.get(2), damage, random));
            frames.remove(2);
            var stream = new ByteArrayOutputStream();
            sent.forEach(stream::writeBytes);
            assertThat(names(split(stream.toByteArray(), seed)))
                    .as("seed %d", seed)
                    .containsAll(frames.stream().map(JpegFramesTest::name).toList());
        }
    }

    @Test
    void next_streamEndsWithinAFrame_thatFrameIsCut() throws IOException {
        byte[] jpeg = jpeg(new Random(1), false);
        for (int length = 3; length < jpeg.length; length++) {
            List<Frame> frames = all(new JpegFrames(new ByteArrayInputStream(jpeg, 0, length), MOST));
            assertThat(frames).as("%d bytes", length).hasSize(1);
            assertThat(frames.get(0).state()).isEqualTo(State.CUT);
            assertThat(frames.get(0).bytes()).as("%d bytes", length).hasSizeLessThanOrEqualTo(length);
        }
    }

    @Test
    void next_frameOverTheBound_isReportedAndTheNextComes() throws IOException {
        byte[] small = jpeg(new Random(1), false);
        byte[] large = withApplicationSegment(withApplicationSegment(small, new byte[40_000]), new byte[40_000]);
        for (int most : new int[] {small.length, small.length + 1, 41_000, large.length - 1}) {
            List<Frame> frames = all(new JpegFrames(new ByteArrayInputStream(concat(large, small)), most));
            assertThat(frames).extracting(Frame::state).as("most %d", most).contains(State.TOO_LARGE);
            assertThat(frames.get(frames.size() - 1).bytes())
                    .as("most %d", most)
                    .isEqualTo(small);
            assertThat(frames).allMatch(frame -> frame.bytes().length <= most);
        }
        assertThat(all(new JpegFrames(new ByteArrayInputStream(concat(large, small)), large.length)))
                .extracting(Frame::state)
                .containsExactly(State.WHOLE, State.WHOLE);
    }

    @Test
    void skippedBytes_countsWhatIsNeitherFrameNorText() throws IOException {
        byte[] jpeg = jpeg(new Random(1), false);
        byte[] noise = {1, 2, 'a', (byte) 0xff, (byte) 0xd8, 0};
        JpegFrames frames = new JpegFrames(new ByteArrayInputStream(concat(noise, jpeg, PART_HEAD, jpeg, noise)), MOST);
        assertThat(all(frames)).hasSize(2);
        assertThat(frames.skippedBytes()).isEqualTo(2L * noise.length);
    }

    @Test
    void next_randomBytes_endsWithinTheBound() throws IOException {
        for (long seed = 1; seed <= 50; seed++) {
            Random random = new Random(seed);
            byte[] bytes = new byte[30_000];
            random.nextBytes(bytes);
            for (int i = 0; i < 2_000; i++) { // markers in plenty
                int at = random.nextInt(bytes.length - 2);
                bytes[at] = (byte) 0xff;
                bytes[at + 1] = (byte) (random.nextBoolean() ? 0xd8 : 0xc0 + random.nextInt(64));
                bytes[at + 2] = (byte) (random.nextBoolean() ? 0xff : 0);
            }
            assertThat(all(new JpegFrames(inPieces(bytes, random), 5_000)))
                    .as("seed %d", seed)
                    .allMatch(frame -> frame.bytes().length <= 5_000);
        }
    }

    private static List<Frame> split(byte[] stream, long seed) throws IOException {
        return all(new JpegFrames(inPieces(stream, new Random(seed)), MOST));
    }

    private static List<String> names(List<Frame> frames) {
        return frames.stream().map(frame -> name(frame.bytes())).toList();
    }

    /** Short, so that a failure can be read. */
    private static String name(byte[] frame) {
        return frame.length + " bytes, " + Sha256.of(frame).substring(0, 8);
    }

    private static List<Frame> all(JpegFrames frames) throws IOException {
        List<Frame> all = new ArrayList<>();
        for (Optional<Frame> next = frames.next(); next.isPresent(); next = frames.next()) {
            all.add(next.get());
        }
        return all;
    }

    private static List<byte[]> frames(Random random, int count) throws IOException {
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] jpeg = jpeg(random, random.nextBoolean());
            frames.add(
                    switch (random.nextInt(4)) {
                        case 0 -> withApplicationSegment(jpeg, jpeg(random, false)); // a thumbnail
                        case 1 -> withFillBytes(jpeg);
                        default -> jpeg;
                    });
        }
        return frames;
    }

    private static byte[] damaged(byte[] frame, String damage, Random random) {
        int at = 2 + random.nextInt(frame.length - 2);
        int count = 1 + random.nextInt(Math.min(300, frame.length - at));
        byte[] noise = new byte[count];
        random.nextBytes(noise);
        byte[] before = Arrays.copyOf(frame, at);
        byte[] after = Arrays.copyOfRange(frame, at + count, frame.length);
        return switch (damage) {
            case "lost" -> concat(before, after);
            case "overwritten" -> concat(before, noise, after);
            default -> concat(before, noise, Arrays.copyOfRange(frame, at, frame.length));
        };
    }

    private static byte[] jpeg(Random random, boolean progressive) throws IOException {
        int type = random.nextBoolean() ? BufferedImage.TYPE_INT_RGB : BufferedImage.TYPE_BYTE_GRAY;
        var image = new BufferedImage(8 + random.nextInt(40), 8 + random.nextInt(40), type);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                image.setRGB(x, y, random.nextInt());
            }
        }
        var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        var bytes = new ByteArrayOutputStream();
        try (var out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setProgressiveMode(progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
            writer.write(null, new IIOImage(image, null, null), how);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private static byte[] withApplicationSegment(byte[] jpeg, byte[] content) {
        int length = content.length + 2;
        byte[] head = {jpeg[0], jpeg[1], (byte) 0xff, (byte) 0xe1, (byte) (length >> 8), (byte) length};
        return concat(head, content, Arrays.copyOfRange(jpeg, 2, jpeg.length));
    }

    private static byte[] withFillBytes(byte[] jpeg) {
        byte[] fill = {(byte) 0xff, (byte) 0xff};
        return concat(Arrays.copyOf(jpeg, 2), fill, Arrays.copyOfRange(jpeg, 2, jpeg.length));
    }

    private static byte[] concat(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** Gives what is wanted in pieces of any length, as a socket does. */
    private static InputStream inPieces(byte[] bytes, Random random) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] into, int offset, int length) {
                return super.read(into, offset, Math.min(length, 1 + random.nextInt(2_000)));
            }
        };
    }
}
