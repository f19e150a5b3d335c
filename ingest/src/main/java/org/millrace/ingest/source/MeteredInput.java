package org.millrace.ingest.source;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Counts the bytes read and refuses to go past a position, so that a crafted archive cannot make its reader take all memory. Keeps a copy
 * of what is read from a position on.
 */
final class MeteredInput extends FilterInputStream {
    private static final int SKIPPED_AT_ONCE = 8192;

    private long position;
    private long end = Long.MAX_VALUE;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private long keptFrom = Long.MAX_VALUE;

    MeteredInput(InputStream in) {
        super(in);
    }

    /** Bytes read or skipped since the beginning. */
    long position() {
        return position;
    }

    /** Reading at or after this position fails from now on. */
    void endAt(long end) {
        this.end = end < 0 ? Long.MAX_VALUE : end; // negative: overflow of a size that is a lie
    }

    /** Forgets what was kept; a copy is kept of what is read at or after this position from now on. */
    void keepFrom(long position) {
        kept.reset();
        keptFrom = position < 0 ? Long.MAX_VALUE : position;
    }

    byte[] kept() {
        return kept.toByteArray();
    }

    @Override
    public int read() throws IOException {
        requireRoom();
        int value = in.read();
        if (value >= 0) {
            if (position >= keptFrom) {
                kept.write(value);
            }
            position++;
        }
        return value;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        requireRoom();
        int count = in.read(bytes, offset, (int) Math.min(length, end - position));
        if (count > 0) {
            int before = (int) Math.max(0, Math.min(count, keptFrom - position));
            kept.write(bytes, offset + before, count - before);
            position += count;
        }
        return count;
    }

    @Override
    public long skip(long count) throws IOException {
        if (position >= keptFrom) {
            return Math.max(0, read(new byte[(int) Math.min(count, SKIPPED_AT_ONCE)]));
        }
        long skipped = in.skip(Math.min(count, Math.min(end, keptFrom) - position));
        position += skipped;
        return skipped;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    private void requireRoom() throws IOException {
        if (position >= end) {
            throw new IOException("the header of an entry is too long");
        }
    }
}
