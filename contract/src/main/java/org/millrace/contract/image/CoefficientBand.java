package org.millrace.contract.image;

/** The AC coefficients of a progressive JPEG's scan, block after block up to a restart (ITU-T T.81, G.1.2.2 and G.1.2.3). */
final class CoefficientBand {
    private final HuffmanCode code;
    private final ScanBits bits;
    private final int first;
    private final int last;
    private final long[] nonZero;
    private int endedBlocks; // the next blocks that have no codes

    /** @param nonZero of each block, which coefficients are not zero; empty where that is not kept */
    CoefficientBand(HuffmanCode code, ScanBits bits, int first, int last, long[] nonZero) {
        this.code = code;
        this.bits = bits;
        this.first = first;
        this.last = last;
        this.nonZero = nonZero;
    }

    /** A block's first scan of this band. */
    void begin(int block) throws UnsoundImageException {
        if (endedBlocks > 0) {
            endedBlocks--;
            return;
        }
        long found = 0;
        for (int k = first; k <= last; k++) {
            int symbol = code.next(bits);
            int run = symbol >> 4;
            if ((symbol & 15) > 0) {
                bits.skip(symbol & 15);
                k += run;
                found |= 1L << Math.min(k, 63);
            } else if (run == 15) {
                k += 15;
            } else {
                endedBlocks = (1 << run) + bits.take(run) - 1;
                break;
            }
        }
        if (nonZero.length > 0) {
            nonZero[block] |= found;
        }
    }

    /** A later scan, which has one more bit of each coefficient that is not zero yet, and codes of new ones. */
    void refine(int block) throws UnsoundImageException {
        int k = first;
        while (endedBlocks == 0 && k <= last) {
            int symbol = code.next(bits);
            int run = symbol >> 4;
            boolean isNew = (symbol & 15) > 0;
            if (isNew) {
                bits.skip(1); // its sign
            } else if (run < 15) {
                endedBlocks = (1 << run) + bits.take(run);
                break;
            }
            while (k <= last) {
                if (((nonZero[block] >>> k) & 1) == 1) {
                    bits.skip(1);
                } else if (run-- == 0) {
                    break;
                }
                k++;
            }
            if (isNew) {
                nonZero[block] |= 1L << Math.min(k, 63);
            }
            k++;
        }
        if (endedBlocks > 0) {
            for (; k <= last; k++) {
                bits.skip((int) ((nonZero[block] >>> k) & 1));
            }
            endedBlocks--;
        }
    }
}
