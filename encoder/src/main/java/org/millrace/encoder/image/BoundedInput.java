package org.millrace.encoder.image;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * An image's bytes as its decoder reads them, which ends the decoding with an exception once its thread has allocated more than the
 * allowance, or reads the same bytes again and again. For one thread, that of the decoder.
 */
final class BoundedInput extends ImageInputStreamImpl {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int READS_BETWEEN_CHECKS = 64;
    private static final int MOST_TIMES = 16;
    private static final int LEAST_READS = 1 << 16;

    private final byte[] file;
    private final long allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
    private final long allowance;
    private long mostRead;
    private int reads;

    /** @param allowance most bytes that this thread may allocate from now on */
    BoundedInput(byte[] file, long allowance) {
        this.file = file;
        this.allowance = allowance;
        this.mostRead = LEAST_READS + (long) MOST_TIMES * file.length;
    }

    @Override
    public int read() throws IOException {
        bitOffset = 0;
        count(1);
        return streamPos < file.length ? file[(int) streamPos++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        bitOffset = 0;
        int count = (int) Math.min(length, file.length - streamPos);
        count(Math.max(count, 1));
        if (count <= 0) {
            return length == 0 ? 0 : -1;
        }
        System.arraycopy(file, (int) streamPos, target, from, count);
        streamPos += count;
        return count;
    }

    @Override
    public long length() {
        return file.length;
    }

    private long allocated() {
        return THREADS.getCurrentThreadAllocatedBytes() - allocatedBefore;
    }

    private void count(int bytes) throws IOException {
        mostRead -= bytes;
        if (mostRead < 0) {
            throw new IOException("it is read more than " + MOST_TIMES + " times over");
        }
        if (reads++ % READS_BETWEEN_CHECKS == 0 && allocated() > allowance) {
            throw new IOException("it asks for more memory than there is");
        }
    }
}
