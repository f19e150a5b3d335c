package org.millrace.app.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongSupplier;

/** A body that has to come at a least rate, after some grace: a client that sends more slowly holds a thread for nothing. Not thread safe. */
final class SteadyInput extends FilterInputStream {
    private static final double GRACE_SECONDS = 10;
    private static final double LEAST_BYTES_PER_SECOND = 1024;

    private final LongSupplier nanoTime;
    private final long begin;
    private long bytes;

    SteadyInput(InputStream in, LongSupplier nanoTime) {
        super(in);
        this.nanoTime = nanoTime;
        this.begin = nanoTime.getAsLong();
    }

    @Override
    public int read() throws IOException {
        int value = super.read();
        count(value < 0 ? 0 : 1);
        return value;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int count = super.read(into, offset, length);
        count(Math.max(0, count));
        return count;
    }

    private void count(int more) throws IOException {
        bytes += more;
        double seconds = (nanoTime.getAsLong() - begin) / 1e9;
        if (seconds > GRACE_SECONDS && bytes < seconds * LEAST_BYTES_PER_SECOND) {
            throw new IOException("the body comes too slowly");
        }
    }
}
