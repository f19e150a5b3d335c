package org.millrace.trainer.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.trainer.gate.GateContent;

/**
 * What the gate remembers as bytes, big-endian:
 *
 * <pre>
 * file:       −2 i32, number i32, source …
 * source:     partition i32, source UTF, seen i64, kept i64, skipped in a row i32, newest thumbnails, past thumbnails,
 *             number i32, distance float32 …, segments (0 or 1) i32, segment …
 * thumbnails: number i32, (length i32, bytes) …
 * segment:    source UTF, offset of its first image i64, thumbnail of its last one: length i32, bytes
 * </pre>
 *
 * The first form, −1, had no segments; it is still read.
 */
final class GateFile {
    private static final int FIRST_FORM = -1;
    private static final int SECOND_FORM = -2;

    private GateFile() {}

    static byte[] write(GateContent content) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(SECOND_FORM);
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
                out.writeInt(source.segment().isPresent() ? 1 : 0);
                if (source.segment().isPresent()) {
                    write(source.segment().get(), out);
                }
            }
        }
        return bytes.toByteArray();
    }

    static GateContent read(byte[] file) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(file))) {
            int form = in.readInt();
            if (form != FIRST_FORM && form != SECOND_FORM) {
                throw new IOException("the gate's memory is written in form " + -form
                        + ", but this Millrace reads forms 1 and " + -SECOND_FORM);
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
                        readFloats(in),
                        form == SECOND_FORM && in.readInt() == 1 ? Optional.of(readSegment(in)) : Optional.empty()));
            }
            return new GateContent(sources);
        }
    }

    private static void write(GateContent.Segment segment, DataOutputStream out) throws IOException {
        out.writeUTF(segment.source());
        out.writeLong(segment.first());
        out.writeInt(segment.last().length);
        out.write(segment.last());
    }

    private static GateContent.Segment readSegment(DataInputStream in) throws IOException {
        return new GateContent.Segment(in.readUTF(), in.readLong(), readThumbnail(in));
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
            thumbnails.add(readThumbnail(in));
        }
        return thumbnails;
    }

    private static byte[] readThumbnail(DataInputStream in) throws IOException {
        byte[] thumbnail = new byte[in.readInt()];
        in.readFully(thumbnail);
        return thumbnail;
    }

    private static float[] readFloats(DataInputStream in) throws IOException {
        float[] values = new float[in.readInt()];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readFloat();
        }
        return values;
    }
}
