package org.millrace.ingest;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Counts the bytes read and refuses to go past a position, so that a crafted archive cannot make its reader take all memory. */
final class MeteredInput extends FilterInputStream {
    private long position;
    private long end = Long.MAX_VALUE;

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

    @Override
    public int read() throws IOException {
        requireRoom();
        int value = in.read();
        if (value >= 0) {
            position++;
        }
        return value;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        requireRoom();
        int count = in.read(bytes, offset, (int) Math.min(length, end - position));
        if (count > 0) {
            position += count;
        }
        return count;
    }

    @Override
    public long skip(long count) throws IOException {
        long skipped = in.skip(Math.min(count, end - position));
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
