package org.millrace.contract.image;

import java.io.ByteArrayOutputStream;
import javax.imageio.plugins.jpeg.JPEGHuffmanTable;

/** The typical Huffman tables of ITU-T T.81, Annex K.3, which files without their own mean (frames of Motion JPEG). */
final class StandardCodes {
    private StandardCodes() {}

    /** Them as a JPEG's segment: tables 0 for luma, tables 1 for chroma. */
    static byte[] segment() {
        ByteArrayOutputStream tables = new ByteArrayOutputStream();
        put(0x00, JPEGHuffmanTable.StdDCLuminance, tables);
        put(0x10, JPEGHuffmanTable.StdACLuminance, tables);
        put(0x01, JPEGHuffmanTable.StdDCChrominance, tables);
        put(0x11, JPEGHuffmanTable.StdACChrominance, tables);
        int length = 2 + tables.size();
        ByteArrayOutputStream segment = new ByteArrayOutputStream();
        segment.writeBytes(new byte[] {(byte) 0xff, (byte) 0xc4, (byte) (length >> 8), (byte) length});
        segment.writeBytes(tables.toByteArray());
        return segment.toByteArray();
    }

    private static void put(int number, JPEGHuffmanTable table, ByteArrayOutputStream target) {
        target.write(number);
        short[] lengths = table.getLengths();
        for (int i = 0; i < 16; i++) {
            target.write(i < lengths.length ? lengths[i] : 0);
        }
        for (short value : table.getValues()) {
            target.write(value);
        }
    }
}
