package org.millrace.trainer.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.millrace.trainer.gate.GateContent;

/**
 * What the gate remembers as bytes, big-endian:
 *
 * <pre>
 * file:       −1 i32, number i32, source …
 * source:     partition i32, source UTF, seen i64, kept i64, skipped in a row i32, newest thumbnails, past thumbnails,
 *             number i32, distance float32 …
 * thumbnails: number i32, (length i32, bytes) …
 * </pre>
 */
final class GateFile {
    private static final int FORM = -1;

    private GateFile() {}

    static byte[] write(GateContent content) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(FORM);
            out.writeInt(content.sources().size());
            for (GateContent.Source source : content.sources()) {
                out.writeInt(source.partition());
                out.writeUTF(source.source());
                out.writeLong(source.seen());
                out.writeLong(source.kept());
                out.writeInt(source.skippedInARow());
                write(source.newest(), out);
                write(source.past(), out);
                out.writeInt(source.distances().length);
                for (float distance : source.distances()) {
                    out.writeFloat(distance);
                }
            }
        }
        return bytes.toByteArray();
    }

    static GateContent read(byte[] file) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(file))) {
            int form = in.readInt();
            if (form != FORM) {
                throw new IOException(
                        "the gate's memory is written in form " + -form + ", but this Millrace reads form " + -FORM);
            }
            int count = in.readInt();
            List<GateContent.Source> sources = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                sources.add(new GateContent.Source(
                        in.readInt(),
                        in.readUTF(),
                        in.readLong(),
                        in.readLong(),
                        in.readInt(),
                        readThumbnails(in),
                        readThumbnails(in),
                        readFloats(in)));
            }
            return new GateContent(sources);
        }
    }

    private static void write(List<byte[]> thumbnails, DataOutputStream out) throws IOException {
        out.writeInt(thumbnails.size());
        for (byte[] thumbnail : thumbnails) {
            out.writeInt(thumbnail.length);
            out.write(thumbnail);
        }
    }

    private static List<byte[]> readThumbnails(DataInputStream in) throws IOException {
        int count = in.readInt();
        List<byte[]> thumbnails = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] thumbnail = new byte[in.readInt()];
            in.readFully(thumbnail);
            thumbnails.add(thumbnail);
        }
        return thumbnails;
    }

    private static float[] readFloats(DataInputStream in) throws IOException {
        float[] values = new float[in.readInt()];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readFloat();
        }
        return values;
    }
}
