package org.millrace.trainer.rounds;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.KeyBatch;

/** Pieces of a file, one behind the other with their lengths; and the pieces that the files of a round have in common. Little-endian floats. */
final class Parts {
    private Parts() {}

    static byte[] join(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length = Math.addExact(length, Integer.BYTES + part.length);
        }
        ByteBuffer file = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            file.putInt(part.length).put(part);
        }
        return file.array();
    }

    /** Throws {@link IllegalArgumentException} where the file does not hold exactly so many parts. */
    static List<byte[]> split(byte[] file, int count) {
        ByteBuffer rest = ByteBuffer.wrap(file);
        List<byte[]> parts = new ArrayList<>();
        while (rest.hasRemaining()) {
            int length = rest.remaining() >= Integer.BYTES ? rest.getInt() : -1;
            if (length < 0 || length > rest.remaining()) {
                throw new IllegalArgumentException("part " + parts.size() + " is cut");
            }
            byte[] part = new byte[length];
            rest.get(part);
            parts.add(part);
        }
        if (parts.size() != count) {
            throw new IllegalArgumentException("it has " + parts.size() + " parts instead of " + count);
        }
        return parts;
    }

    static byte[] ofFloats(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** Throws {@link IllegalArgumentException} where a number is not finite. */
    static float[] floats(byte[] part) {
        float[] values = new float[part.length / Float.BYTES];
        ByteBuffer.wrap(part).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return requireFinite(values);
    }

    static float[] requireFinite(float[] values) {
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("number " + i + " is " + values[i]);
            }
        }
        return values;
    }

    static byte[] ofKeys(List<KeyBatch> batches) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            for (KeyBatch batch : batches) {
                out.writeLong(batch.step());
                out.writeInt(batch.dimension());
                out.writeInt(batch.size());
                for (ImageOffset image : batch.images()) {
                    out.writeInt(image.partition());
                    out.writeLong(image.offset());
                }
                out.write(ofFloats(batch.keys()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Throws {@link IllegalArgumentException} where the part is cut or its numbers are impossible. */
    static List<KeyBatch> keys(byte[] part) {
        List<KeyBatch> batches = new ArrayList<>();
        var bytes = new ByteArrayInputStream(part);
        try (var in = new DataInputStream(bytes)) {
            while (bytes.available() > 0) {
                long step = in.readLong();
                int dimension = in.readInt();
                int size = in.readInt();
                if (dimension < 1 || size < 1 || (long) size * dimension * Float.BYTES > bytes.available()) {
                    throw new IllegalArgumentException(size + " keys of " + dimension + " numbers do not fit");
                }
                List<ImageOffset> images = new ArrayList<>();
                for (int i = 0; i < size; i++) {
                    images.add(new ImageOffset(in.readInt(), in.readLong()));
                }
                byte[] rows = new byte[size * dimension * Float.BYTES];
                in.readFully(rows);
                batches.add(new KeyBatch(step, dimension, floats(rows), images));
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("the keys are cut", e);
        }
        return batches;
    }
}
