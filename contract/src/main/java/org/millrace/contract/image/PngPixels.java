package org.millrace.contract.image;

import java.util.ArrayList;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.millrace.contract.image.SoundImage.Part;

/**
 * Inflates a PNG's data without computing a pixel, and refuses a file whose data ends before its last pixel or is wrong. A file that was
 * cut behind its pixels is as good as a whole one, except that the decoder reads a palette only from a file with its end.
 */
final class PngPixels {
    /** Of the inflated data; what is left of a larger image is judged when it is decoded. */
    private static final long MOST_BYTES = 64L << 20;

    private static final int BODY = 8; // of a chunk, behind its length and name
    private static final int NAME = 4; // behind its length
    private static final int CHECKSUM = 4;
    private static final int MOST_FILTER = 4;
    private static final int BUFFER = 32 * 1024;

    /** Of Adam7: first column and row of each pass, and the steps between them. */
    private static final int[][] PASSES = {
        {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
    };

    private final FileBytes bytes;
    private final List<Part> data = new ArrayList<>();
    private final byte[] buffer = new byte[BUFFER];
    private int fed; // parts of the data

    private PngPixels(FileBytes bytes) {
        this.bytes = bytes;
    }

    static void check(SoundImage image) throws UnsoundImageException {
        Part head = image.parts().get(0);
        FileBytes bytes = new FileBytes(head.bytes(), image.format().label());
        PngPixels pixels = new PngPixels(bytes);
        for (Part part : image.parts()) {
            if (bytes.hasText(part.from() + NAME, "IDAT")) {
                pixels.data.add(part);
            }
        }
        if (PngStructure.hasPalette(bytes)) {
            pixels.requireWholeChunks(image.parts());
        }
        int pixelBits = PngStructure.pixelBits(bytes);
        Inflater inflater = new Inflater();
        try {
            long left = MOST_BYTES;
            int[][] passes = PngStructure.isInterlaced(bytes) ? PASSES : new int[][] {{0, 0, 1, 1}};
            for (int[] pass : passes) {
                int width = (image.width() + pass[2] - 1 - pass[0]) / pass[2];
                int height = (image.height() + pass[3] - 1 - pass[1]) / pass[3];
                int row = (int) ((width * (long) pixelBits + 7) / 8);
                for (int y = 0; y < height && width > 0 && left > 0; y++) {
                    pixels.row(inflater, row);
                    left -= row;
                }
            }
            if (left > 0) {
                pixels.finish(inflater);
            }
        } catch (DataFormatException e) {
            throw bytes.damaged("its compressed pixels are wrong");
        } finally {
            inflater.end();
        }
    }

    private void requireWholeChunks(List<Part> parts) throws UnsoundImageException {
        Part end = parts.get(parts.size() - 1);
        boolean whole = bytes.hasText(end.from() + NAME, "IEND");
        for (Part part : data) {
            whole &= part.to() - part.from() == BODY + CHECKSUM + bytes.bigInt32(part.from());
        }
        if (!whole) {
            throw bytes.damaged("it ends before its end chunk, and has a palette");
        }
    }

    /** Reads on to the checksum of the inflated data, which the inflater compares; where that is cut off there is nothing to compare. */
    private void finish(Inflater inflater) throws DataFormatException {
        int got = 0;
        while (got == 0 && !inflater.finished() && (fed < data.size() || !inflater.needsInput())) {
            if (inflater.needsInput()) {
                feed(inflater, data.get(fed++));
            }
            got = inflater.inflate(buffer);
        }
    }

    /** A byte that names the row's filter, and the row. */
    private void row(Inflater inflater, int length) throws DataFormatException, UnsoundImageException {
        inflate(inflater, 1);
        if ((buffer[0] & 0xff) > MOST_FILTER) {
            throw new DataFormatException("filter " + (buffer[0] & 0xff));
        }
        for (int left = length; left > 0; left -= Math.min(left, BUFFER)) {
            inflate(inflater, Math.min(left, BUFFER));
        }
    }

    private void inflate(Inflater inflater, int count) throws DataFormatException, UnsoundImageException {
        int done = 0;
        while (done < count) {
            int got = inflater.inflate(buffer, done, count - done);
            done += got;
            if (got == 0) {
                if (inflater.needsDictionary()) {
                    throw new DataFormatException("a dictionary");
                }
                if (inflater.finished() || fed == data.size()) {
                    throw bytes.damaged(UnsoundImageException.SHORT);
                }
                feed(inflater, data.get(fed++));
            }
        }
    }

    private void feed(Inflater inflater, Part part) {
        int length = Math.min(bytes.bigInt32(part.from()), part.to() - part.from() - BODY);
        inflater.setInput(part.bytes(), part.from() + BODY, length);
    }
}
