package org.millrace.contract.image;

/** The bits of a JPEG's scan, up to the next marker (ITU-T T.81, F.2.2.5). Refuses the file where more are wanted than there are. */
final class ScanBits {
    private static final int MARKER = 0xff;

    private final FileBytes bytes;
    private final int end;
    private int at;
    private long buffer; // its lowest bits are the next ones
    private int count;

    /** @param end of the scan's data; of its markers only restarts lie before it */
    ScanBits(FileBytes bytes, int from, int end) {
        this.bytes = bytes;
        this.at = from;
        this.end = end;
    }

    /** The next bits, at most 16, without passing them; zeros where the data has ended. */
    int peek(int bits) {
        if (count < bits) {
            fill();
        }
        long next = count >= bits ? buffer >>> (count - bits) : buffer << (bits - count);
        return (int) next & ((1 << bits) - 1);
    }

    /** Passes bits, at most 17. */
    void skip(int bits) throws UnsoundImageException {
        if (count < bits) {
            fill();
            if (count < bits) {
                throw ended();
            }
        }
        count -= bits;
    }

    int take(int bits) throws UnsoundImageException {
        int taken = peek(bits);
        skip(bits);
        return taken;
    }

    /** Passes the rest of an interval and the restart marker behind it; false where that marker is another than the expected one. */
    boolean restart(int expected) throws UnsoundImageException {
        count = 0;
        while (at + 1 < end && !(bytes.uint8(at) == MARKER && isMarker(bytes.uint8(at + 1)))) {
            at++;
        }
        if (at + 1 >= end) {
            throw ended();
        }
        at += 2;
        return bytes.uint8(at - 1) == 0xd0 + expected;
    }

    private static boolean isMarker(int code) {
        return code != 0 && code != MARKER;
    }

    private void fill() {
        while (count <= Long.SIZE - 2 * Byte.SIZE && at < end) {
            int value = bytes.uint8(at);
            if (value == MARKER) {
                int next = at + 1;
                while (next < end && bytes.uint8(next) == MARKER) { // fill bytes
                    next++;
                }
                if (next >= end || bytes.uint8(next) != 0) {
                    return;
                }
                at = next;
            }
            at++;
            buffer = (buffer << Byte.SIZE) | value;
            count += Byte.SIZE;
        }
    }

    private UnsoundImageException ended() {
        return bytes.damaged(UnsoundImageException.SHORT);
    }
}
