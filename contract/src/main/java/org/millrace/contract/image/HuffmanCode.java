package org.millrace.contract.image;

import java.util.Arrays;

/** A Huffman code of a JPEG (ITU-T T.81, Annex C), read as libjpeg reads it: 17 bits that begin no code count as the symbol 0. Immutable. */
final class HuffmanCode {
    /** A code without symbols. */
    static final HuffmanCode NONE = new HuffmanCode(new int[17], new byte[0]);

    private static final int LONGEST = 16;
    private static final int AHEAD = 8;

    private final byte[] symbols;
    private final int[] last = new int[LONGEST + 1]; // code of each length, or -1
    private final int[] offsets = new int[LONGEST + 1]; // from a code of each length to the place of its symbol
    private final short[] ahead = new short[1 << AHEAD]; // by the next 8 bits: length and symbol; 0 for longer codes
    private boolean sound = true;

    private HuffmanCode(int[] counts, byte[] symbols) {
        this.symbols = symbols;
        int code = 0;
        int place = 0;
        for (int length = 1; length <= LONGEST; length++) {
            offsets[length] = place - code;
            for (int i = 0; i < counts[length] && length <= AHEAD && code + i < (1 << length); i++) {
                int from = (code + i) << (AHEAD - length);
                Arrays.fill(ahead, from, from + (1 << (AHEAD - length)), (short)
                        (length << 8 | (symbols[place + i] & 0xff)));
            }
            place += counts[length];
            code += counts[length];
            last[length] = counts[length] > 0 ? code - 1 : -1;
            sound &= counts[length] == 0 || code < (1 << length); // no code is all ones
            code <<= 1;
        }
    }

    /** The code whose table begins at {@code at} of a DHT segment; lacks symbols that the segment does not have. */
    static HuffmanCode of(FileBytes bytes, int at, int end) {
        int[] counts = new int[LONGEST + 1];
        int sum = 0;
        for (int length = 1; length <= LONGEST; length++) {
            counts[length] = bytes.uint8(at + length);
            sum += counts[length];
        }
        int from = at + 1 + LONGEST;
        HuffmanCode code = new HuffmanCode(counts, Arrays.copyOfRange(bytes.file(), from, from + sum));
        code.sound &= from + sum <= end && sum <= 256;
        return code;
    }

    /** How many symbols its table lists. */
    int size() {
        return symbols.length;
    }

    /** Whether it is a prefix code whose symbols are at most this one. */
    boolean isSound(int mostSymbol) {
        boolean within = sound;
        for (byte symbol : symbols) {
            within &= (symbol & 0xff) <= mostSymbol;
        }
        return within;
    }

    int next(ScanBits bits) throws UnsoundImageException {
        int known = ahead[bits.peek(AHEAD)];
        if (known != 0) {
            bits.skip(known >> 8);
            return known & 0xff;
        }
        int next = bits.peek(LONGEST);
        for (int length = AHEAD + 1; length <= LONGEST; length++) {
            int code = next >> (LONGEST - length);
            if (code <= last[length]) {
                bits.skip(length);
                int place = code + offsets[length];
                return place >= 0 && place < symbols.length ? symbols[place] & 0xff : 0;
            }
        }
        bits.skip(LONGEST + 1);
        return 0;
    }
}
