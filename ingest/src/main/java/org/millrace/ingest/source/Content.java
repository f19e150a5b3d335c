package org.millrace.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Bytes read of an entry: all of them, or its beginning if it is larger than the limit it was read with. */
public final class Content {
    /** Bytes kept of a rejected entry. */
    static final int KEPT_OF_REJECTED = 64 * 1024;

    public static final Content EMPTY = of(new byte[0]);

    private final byte[] bytes;
    private final long size;
    private final boolean sizeKnown;

    private Content(byte[] bytes, long size, boolean sizeKnown) {
        this.bytes = bytes;
        this.size = size;
        this.sizeKnown = sizeKnown;
    }

    public static Content of(byte[] whole) {
        return new Content(whole, whole.length, true);
    }

    /**
     * Reads at most {@code limit} bytes and one more, whatever size the entry declares.
     *
     * @param declaredSize the size in bytes that the entry declares, or -1
     */
    public static Content read(InputStream in, long declaredSize, int limit) throws IOException {
        byte[] bytes = in.readNBytes(limit);
        if (bytes.length < limit || in.read() < 0) {
            return of(bytes);
        }
        return tooLarge(bytes, declaredSize > limit ? declaredSize : limit + 1L, declaredSize > limit);
    }

    /** An entry over the limit, of which only the beginning is kept. */
    public static Content tooLarge(byte[] beginning, long size, boolean sizeKnown) {
        return new Content(Arrays.copyOf(beginning, Math.min(beginning.length, KEPT_OF_REJECTED)), size, sizeKnown);
    }

    /** Not a copy; must not be changed. */
    public byte[] bytes() {
        return bytes;
    }

    /** Size of the whole entry in bytes; at least that where {@link #sizeKnown} is false. */
    public long size() {
        return size;
    }

    public boolean sizeKnown() {
        return sizeKnown;
    }

    boolean isWhole() {
        return bytes.length == size;
    }

    /** The beginning that goes to the topic of rejects. */
    public byte[] kept() {
        return bytes.length <= KEPT_OF_REJECTED ? bytes : Arrays.copyOf(bytes, KEPT_OF_REJECTED);
    }
}
