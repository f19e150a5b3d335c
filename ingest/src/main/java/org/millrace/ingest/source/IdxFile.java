package org.millrace.ingest.source;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * A file in the IDX format of the MNIST sets, also compressed with gzip: a magic number 0x0000TTDD (type of a value, number of
 * dimensions), the dimensions as big-endian int32, then the values. Read once from its beginning. Not thread safe; the caller
 * closes it.
 */
final class IdxFile implements Closeable {
    static final int IMAGES = 0x0803;
    static final int LABELS = 0x0801;
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Path path;
    private final InputStream in;
    private final int[] dimensions;
    private int itemsRead;

    private IdxFile(Path path, InputStream in, int[] dimensions) {
        this.path = path;
        this.in = in;
        this.dimensions = dimensions;
    }

    /** Opens the file and reads its header, which must begin with that magic number. */
    static IdxFile open(Path path, int magic) throws IOException {
        InputStream in = stream(path);
        try {
            return new IdxFile(path, in, header(path, in, magic));
        } catch (ClosedByInterruptException | SourceException e) {
            in.close();
            throw e;
        } catch (IOException e) {
            in.close();
            throw new SourceException(
                    "push: %s is not a complete IDX file: its header cannot be read: %s"
                            .formatted(path, FileReading.why(e)),
                    e);
        }
    }

    /** How many images or labels the header promises. */
    int items() {
        return dimensions[0];
    }

    /** Size along a dimension after the first. */
    int size(int dimension) {
        return dimensions[dimension];
    }

    /** The next item's values. */
    byte[] next() throws IOException {
        int length = 1;
        for (int i = 1; i < dimensions.length; i++) {
            length *= dimensions[i];
        }
        int got;
        byte[] item;
        try {
            item = in.readNBytes(length);
            got = item.length;
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw truncated(FileReading.why(e), e);
        }
        if (got < length) {
            throw truncated("the file ends there", new EOFException());
        }
        itemsRead++;
        return item;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    private SourceException truncated(String why, IOException cause) {
        return new SourceException(
                "push: %s is truncated or damaged: wanted %d items, got %d whole ones: %s"
                        .formatted(path, items(), itemsRead, why),
                cause);
    }

    private static InputStream stream(Path path) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES);
        try {
            in.mark(2);
            boolean gzip = Arrays.equals(in.readNBytes(2), new byte[] {0x1f, (byte) 0x8b});
            in.reset();
            return gzip ? new GZIPInputStream(in, BUFFER_BYTES) : in;
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    private static int[] header(Path path, InputStream in, int magic) throws IOException {
        int got = readInt(in);
        if (got != magic) {
            throw new SourceException("push: %s begins with 0x%08x, wanted 0x%08x (%s)%s"
                    .formatted(path, got, magic, named(magic), hint(got)));
        }
        int[] dimensions = new int[magic & 0xff];
        for (int i = 0; i < dimensions.length; i++) {
            dimensions[i] = readInt(in);
            int most = i == 0 ? Integer.MAX_VALUE : 8192;
            int least = i == 0 ? 0 : 1;
            if (dimensions[i] < least || dimensions[i] > most) {
                throw new SourceException("push: %s: dimension %d of %s must be in [%d, %d], but was %d"
                        .formatted(path, i + 1, named(magic), least, most, dimensions[i]));
            }
        }
        return dimensions;
    }

    private static int readInt(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(4);
        if (bytes.length < 4) {
            throw new EOFException("the file ends there");
        }
        return ByteBuffer.wrap(bytes).getInt();
    }

    private static String named(int magic) {
        return magic == IMAGES ? "IDX images of bytes, 3 dimensions" : "IDX labels of bytes, 1 dimension";
    }

    private static String hint(int got) {
        return switch (got) {
            case IMAGES -> "; these are images";
            case LABELS -> "; these are labels: name the images file, and the labels with --labels";
            default -> "";
        };
    }
}
