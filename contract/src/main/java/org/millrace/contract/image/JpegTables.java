package org.millrace.contract.image;

import java.util.BitSet;

/** The quantisation and Huffman tables that a JPEG has defined so far (ITU-T T.81, B.2.4), and whether its scans find theirs. */
final class JpegTables {
    private static final int TABLES = 4;

    private final FileBytes bytes;
    private final BitSet quantisers = new BitSet();
    private final BitSet codes = new BitSet(); // Huffman tables: of DC from 0, of AC from 16
    private boolean standardCodes;

    JpegTables(FileBytes bytes) {
        this.bytes = bytes;
    }

    /** Whether a scan uses Huffman tables that only the standard gives it, as in Motion JPEG. */
    boolean lacksStandardCodes() {
        return standardCodes;
    }

    /** Takes the tables of a DQT segment, whose body lies in these bytes. */
    void addQuantisers(int from, int end) throws UnsoundImageException {
        int at = from;
        while (at < end) {
            int table = bytes.uint8(at) & 15;
            if (table >= TABLES) {
                throw bytes.damaged("quantisation table %d, at most %d may be", table, TABLES - 1);
            }
            quantisers.set(table);
            at += 1 + (bytes.uint8(at) < 16 ? 64 : 128);
        }
    }

    /** Takes the tables of a DHT segment, whose body lies in these bytes. */
    void addCodes(int from, int end) throws UnsoundImageException {
        int at = from;
        while (at + 17 <= end) {
            int table = bytes.uint8(at);
            if ((table & 15) >= TABLES || table >> 4 > 1) {
                throw bytes.damaged("Huffman table %d of class %d", table & 15, table >> 4);
            }
            codes.set(table);
            int symbols = 0;
            for (int i = 1; i <= 16; i++) {
                symbols += bytes.uint8(at + i);
            }
            at += 17 + symbols;
        }
    }

    /**
     * Refuses a component of a scan whose tables are missing: the JDK's reader would take those of the image that it decoded before.
     *
     * @param quantiser the component's quantisation table
     * @param used its Huffman tables in this scan
     * @param coefficients where the scan says which it holds
     */
    void check(boolean progressive, int quantiser, int used, int coefficients) throws UnsoundImageException {
        if (!quantisers.get(quantiser)) {
            throw bytes.damaged("its quantisation table %d is missing", quantiser);
        }
        boolean direct = bytes.uint8(coefficients) == 0;
        boolean refines = bytes.uint8(coefficients + 2) >> 4 > 0;
        int dc = used >> 4;
        int ac = used & 15;
        boolean missing = progressive
                ? direct ? !refines && !codes.get(dc) : !codes.get(16 + ac)
                : !codes.get(dc) || !codes.get(16 + ac);
        if (missing && !progressive && dc <= 1 && ac <= 1) {
            standardCodes = true;
        } else if (missing) {
            throw bytes.damaged("a Huffman table of its scan is missing (%d, %d)", dc, ac);
        }
    }
}
