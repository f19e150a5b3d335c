package org.millrace.ingest.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A part of a file, read at its position. */
final class ChannelSlice {
    private ChannelSlice() {}

    static Content read(FileChannel channel, long begin, long size, int limit) throws IOException {
        if (size < 0 || begin + size < 0 || begin + size > channel.size()) {
            throw new IOException("it ends before the entry does");
        }
        if (size > limit) {
            return Content.tooLarge(bytes(channel, begin, Math.min(limit, Content.KEPT_OF_REJECTED)), size, true);
        }
        return Content.of(bytes(channel, begin, (int) size));
    }

    private static byte[] bytes(FileChannel channel, long begin, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, begin + buffer.position()) < 0) {
                throw new IOException("it ends before the entry does");
            }
        }
        return buffer.array();
    }
}
