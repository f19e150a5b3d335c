package org.millrace.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** What was read of an entry: all of it, or its beginning if it is larger than the limit that it was read with. */
final class Content {
    /** Bytes kept of an entry that is refused. */
    static final int KEPT_OF_REJECTED = 64 * 1024;

    static final Content EMPTY = of(new byte[0]);

    private final byte[] bytes;
    private final long size;
    private final boolean sizeKnown;

    private Content(byte[] bytes, long size, boolean sizeKnown) {
        this.bytes = bytes;
        this.size = size;
        this.sizeKnown = sizeKnown;
    }

    static Content of(byte[] whole) {
        return new Content(whole, whole.length, true);
    }

    /**
     * Reads at most {@code limit} bytes and one more, whatever the entry says of itself.
     *
     * @param declaredSize the size that the entry says it has, or -1
     */
    static Content read(InputStream in, long declaredSize, int limit) throws IOException {
        byte[] bytes = in.readNBytes(limit);
        if (bytes.length < limit || in.read() < 0) {
            return of(bytes);
        }
        return tooLarge(bytes, declaredSize > limit ? declaredSize : limit + 1L, declaredSize > limit);
    }

    /** An entry over the limit, of which only the beginning is kept. */
    static Content tooLarge(byte[] beginning, long size, boolean sizeKnown) {
        return new Content(Arrays.copyOf(beginning, Math.min(beginning.length, KEPT_OF_REJECTED)), size, sizeKnown);
    }

    /** Not copied; nobody changes it. */
    byte[] bytes() {
        return bytes;
    }

    /** Bytes of the whole entry; where that is not known, of as much as was seen. */
    long size() {
        return size;
    }

    boolean sizeKnown() {
        return sizeKnown;
    }

    boolean isWhole() {
        return bytes.length == size;
    }

    /** The part of it that a reject carries. */
    byte[] kept() {
        return bytes.length <= KEPT_OF_REJECTED ? bytes : Arrays.copyOf(bytes, KEPT_OF_REJECTED);
    }
}
