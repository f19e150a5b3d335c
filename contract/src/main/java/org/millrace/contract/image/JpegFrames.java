package org.millrace.contract.image;

import static org.millrace.contract.Check.check;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;

/**
 * The JPEGs of a stream of bytes, one after the other (Motion JPEG). They are split by their segments (ITU-T T.81, Annex B): a marker
 * within a segment, such as the end of a thumbnail, or within the data of a scan ends no frame.
 *
 * <p>After damage the next frame is looked for from the beginning of the last segment, whose length may be what is damaged. Text between
 * frames, such as the part heads of multipart/x-mixed-replace, and zeros are passed over; other bytes there are counted. Holds
 * {@code maxBytes} and a little more. Not thread safe.
 */
public final class JpegFrames {
    private static final int CHUNK = 64 * 1024;
    private static final int MARKER = 0xff;

    private final InputStream in;
    private final int maxBytes;

    private byte[] window = new byte[CHUNK];
    private int begin; // of the frame
    private int end; // of what has been read
    private boolean ended;

    private long gapBytes;
    private boolean gapIsText = true;
    private long skippedBytes;

    /** Whether a frame is all there. */
    public enum State {
        WHOLE,
        /** Another frame begins within it, its structure is damaged, or the stream ends. */
        CUT,
        /** Over {@code maxBytes}; only its beginning is here. */
        TOO_LARGE
    }

    /** @param bytes from the marker SOI on; of a whole frame to its marker EOI */
    @SuppressWarnings("ArrayRecordComponent")
    public record Frame(State state, byte[] bytes) {}

    /** @param in stays open; a read may return fewer bytes than wanted, so that a frame is complete when its last byte is here */
    public JpegFrames(InputStream in, int maxBytes) {
        check(maxBytes >= 2, "a frame must be allowed at least 2 bytes, but was %d", maxBytes);
        this.in = in;
        this.maxBytes = maxBytes;
    }

    /** The next frame, or empty at the end of the stream. */
    public Optional<Frame> next() throws IOException {
        return toStart() ? Optional.of(frame()) : Optional.empty();
    }

    /** Damaged bytes between frames. */
    public long skippedBytes() {
        return skippedBytes;
    }

    /** Moves to the next SOI that another marker follows; false at the end of the stream. */
    private boolean toStart() throws IOException {
        while (has(2)) {
            if (isStart(0)) {
                endGap();
                return true;
            }
            pass();
        }
        while (has(0)) {
            pass();
        }
        endGap();
        return false;
    }

    private Frame frame() throws IOException {
        int segment = 2; // where the last segment begins
        int at = 2;
        while (true) {
            if (at >= maxBytes) {
                return take(State.TOO_LARGE, maxBytes, Math.min(at, end - begin));
            }
            if (!has(at + 1)) {
                return take(State.CUT, end - begin, end - begin);
            }
            int code = at(at + 1);
            if (at(at) != MARKER || code == 0) {
                return take(State.CUT, segment, segment);
            }
            if (code == MARKER) { // a fill byte
                at++;
            } else if (code == JpegStructure.EOI) {
                State state = at + 2 <= maxBytes ? State.WHOLE : State.TOO_LARGE;
                return take(state, Math.min(at + 2, maxBytes), at + 2);
            } else if (code == JpegStructure.SOI) {
                return take(State.CUT, at, at);
            } else if (JpegStructure.hasNoBody(code)) {
                at += 2;
            } else {
                segment = at;
                at = endOfSegment(at);
                if (at < 0) {
                    return take(State.CUT, segment, segment);
                }
                if (at > maxBytes) {
                    return take(State.TOO_LARGE, maxBytes, segment);
                }
                if (code == JpegStructure.SOS) {
                    at = endOfScan(at);
                }
            }
        }
    }

    /**
     * Where the segment whose marker is at {@code from} ends; -1 if its length is impossible, the stream ends before, or a frame begins
     * within a segment that holds no thumbnail.
     */
    private int endOfSegment(int from) throws IOException {
        if (!has(from + 3)) {
            return -1;
        }
        int length = at(from + 2) << 8 | at(from + 3);
        int to = from + 2 + length;
        if (length < 2 || (to <= maxBytes && !has(to - 1))) {
            return -1;
        }
        boolean mayHoldAny = JpegStructure.isForPrograms(at(from + 1)) || to > maxBytes;
        return mayHoldAny || !holdsStart(from + 4, to) ? to : -1;
    }

    /** Whether a frame begins between these positions; its first marker may end behind them. */
    private boolean holdsStart(int from, int to) throws IOException {
        for (int at = from; at < to; at++) {
            if (at(at) == MARKER && has(at + 2) && isStart(at)) {
                return true;
            }
        }
        return false;
    }

    private boolean isStart(int at) {
        return at(at) == MARKER && at(at + 1) == JpegStructure.SOI && at(at + 2) == MARKER;
    }

    /** Where the marker that ends the scan's data stands, the stream ends, or the frame has become too large. */
    private int endOfScan(int from) throws IOException {
        int at = from;
        while (at < maxBytes && has(at + 1) && !JpegStructure.endsScan(at(at), at(at + 1))) {
            at++;
        }
        return at;
    }

    /**
     * A frame of the first {@code length} bytes, as far as they are here.
     *
     * @param resume where the next is looked for; at least 2
     */
    private Frame take(State state, int length, int resume) {
        byte[] bytes = Arrays.copyOfRange(window, begin, begin + Math.min(length, end - begin));
        begin += resume;
        return new Frame(state, bytes);
    }

    private int at(int position) {
        return window[begin + position] & 0xff;
    }

    private void pass() {
        int passed = at(0);
        gapIsText &=
                passed == 0 || passed == '\t' || passed == '\n' || passed == '\r' || (passed >= ' ' && passed < 0x7f);
        gapBytes++;
        begin++;
    }

    private void endGap() {
        skippedBytes += gapIsText ? 0 : gapBytes;
        gapBytes = 0;
        gapIsText = true;
    }

    /** Whether the byte at that position is here; waits for it. */
    private boolean has(int position) throws IOException {
        while (!ended && begin + position >= end) {
            makeRoom(position);
            int count = in.read(window, end, window.length - end);
            ended = count < 0;
            end += Math.max(count, 0);
        }
        return begin + position < end;
    }

    private void makeRoom(int position) {
        if (begin == end || begin + position >= window.length) {
            System.arraycopy(window, begin, window, 0, end - begin);
            end -= begin;
            begin = 0;
        }
        if (position >= window.length) {
            window = Arrays.copyOf(
                    window, (int) Math.min(maxBytes + 2L * CHUNK, Math.max(2L * window.length, position + 1L)));
        }
    }
}
