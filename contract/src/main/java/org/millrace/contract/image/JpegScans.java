package org.millrace.contract.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.millrace.contract.image.SoundImage.Part;

/**
 * Reads the codes of a JPEG's scans (ITU-T T.81, Annexes F, G and H) without computing a pixel, and refuses a file whose data ends
 * before its last pixel: libjpeg would fill the rest with grey. Wrong data that is long enough passes. Costs up to a quarter of the
 * decoding, and at most 1 MiB: a large progressive JPEG is read without the scans that refine coefficients.
 */
final class JpegScans {
    private static final int DHT = 0xc4;
    private static final int DRI = 0xdd;
    private static final int LOSSLESS = 0xc3;
    private static final int PROGRESSIVE = 0xc2;
    private static final int AC = 16; // first of the tables of that class
    private static final int MOST_DC = 15;
    private static final int MOST_AC = 255;
    /** A long for each block says which of its coefficients are not zero. */
    private static final int MOST_BLOCKS_KEPT = 1 << 17;

    private final SoundImage image;
    private final HuffmanCode[] codes = new HuffmanCode[2 * AC];
    private final List<Component> components = new ArrayList<>();
    private int frame;
    private int restartInterval;
    private int mostAcross = 1;
    private int mostDown = 1;

    /** @param nonZero of each block, which coefficients are not zero; empty where that is not kept */
    @SuppressWarnings("ArrayRecordComponent")
    private record Component(int id, int across, int down, long[] nonZero) {}

    /** What a scan holds of one block. */
    private interface BlockCodes {
        void read(int block) throws UnsoundImageException;
    }

    private JpegScans(SoundImage image) {
        this.image = image;
        Arrays.fill(codes, HuffmanCode.NONE);
    }

    /** @param image a JPEG, each part of which is one segment, with the data behind it */
    static void check(SoundImage image) throws UnsoundImageException {
        JpegScans scans = new JpegScans(image);
        for (Part part : image.parts()) {
            scans.segment(new FileBytes(part.bytes(), image.format().label()), part.from() + 1, part.to());
        }
    }

    /** @param at of the marker's code */
    private void segment(FileBytes bytes, int at, int to) throws UnsoundImageException {
        if (to - at < 3) {
            return;
        }
        int code = bytes.uint8(at);
        int end = at + 1 + bytes.bigUint16(at + 1);
        if (code == DHT) {
            for (int table = at + 3; table + 17 <= end; ) {
                HuffmanCode read = HuffmanCode.of(bytes, table, end);
                codes[bytes.uint8(table)] = read;
                table += 17 + read.size();
            }
        } else if (code == DRI && end - at >= 5) {
            restartInterval = bytes.bigUint16(at + 3);
        } else if (code == JpegStructure.SOS) {
            scan(bytes, at + 3, new ScanBits(bytes, end, to));
        } else if (code == 0xc0 || code == 0xc1 || code == PROGRESSIVE || code == LOSSLESS) {
            frame(bytes, code, at + 3);
        }
    }

    private void frame(FileBytes bytes, int code, int at) {
        frame = code;
        int count = bytes.uint8(at + 5);
        for (int i = 0; i < count; i++) {
            mostAcross = Math.max(mostAcross, bytes.uint8(at + 7 + 3 * i) >> 4);
            mostDown = Math.max(mostDown, bytes.uint8(at + 7 + 3 * i) & 15);
        }
        for (int i = 0; i < count; i++) {
            int across = bytes.uint8(at + 7 + 3 * i) >> 4;
            int down = bytes.uint8(at + 7 + 3 * i) & 15;
            int blocks = blocks(across, down);
            boolean kept = code == PROGRESSIVE && blocks <= MOST_BLOCKS_KEPT / count;
            components.add(new Component(bytes.uint8(at + 6 + 3 * i), across, down, new long[kept ? blocks : 0]));
        }
    }

    /** Blocks of a component in a scan of its own; of a lossless JPEG, samples. */
    private int blocks(int across, int down) {
        int side = side();
        return ceilDiv(image.width() * across, mostAcross * side) * ceilDiv(image.height() * down, mostDown * side);
    }

    private int side() {
        return frame == LOSSLESS ? 1 : 8;
    }

    private static int ceilDiv(int number, int divisor) {
        return (number + divisor - 1) / divisor;
    }

    private void scan(FileBytes bytes, int at, ScanBits bits) throws UnsoundImageException {
        int count = bytes.uint8(at);
        List<Component> scanned = new ArrayList<>();
        List<BlockCodes> readers = new ArrayList<>();
        int band = at + 1 + 2 * count;
        for (int i = 0; i < count; i++) {
            int id = bytes.uint8(at + 1 + 2 * i);
            int tables = bytes.uint8(at + 2 + 2 * i);
            Component component = components.stream()
                    .filter(each -> each.id == id)
                    .findFirst()
                    .orElseThrow();
            scanned.add(component);
            readers.add(reader(bytes, component, tables, band, bits));
        }
        boolean alone = count == 1;
        int units = alone ? blocks(scanned.get(0).across, scanned.get(0).down) : blocks(1, 1);
        for (int unit = 0; unit < units; unit++) {
            if (restartInterval > 0 && unit > 0 && unit % restartInterval == 0) {
                if (!bits.restart((unit / restartInterval - 1) & 7)) {
                    return; // data is missing or there twice, and libjpeg finds its way
                }
                for (int i = 0; i < count; i++) {
                    readers.set(i, reader(bytes, scanned.get(i), bytes.uint8(at + 2 + 2 * i), band, bits));
                }
            }
            for (int i = 0; i < count; i++) {
                Component component = scanned.get(i);
                int blocks = alone ? 1 : component.across * component.down;
                for (int block = 0; block < blocks; block++) {
                    readers.get(i).read(unit);
                }
            }
        }
    }

    /** @param band where the scan says which coefficients and bits it holds */
    private BlockCodes reader(FileBytes bytes, Component component, int tables, int band, ScanBits bits)
            throws UnsoundImageException {
        HuffmanCode dc = codes[(tables >> 4) & 15];
        HuffmanCode ac = codes[AC + (tables & 15)];
        int first = bytes.uint8(band);
        int last = bytes.uint8(band + 1);
        boolean refines = bytes.uint8(band + 2) >> 4 > 0;
        if (frame == LOSSLESS) {
            return block -> bits.skip(dc.next(bits) & MOST_DC); // 16 has no bits
        }
        if (frame != PROGRESSIVE) {
            require(bytes, dc.isSound(MOST_DC) && ac.isSound(MOST_AC));
            return block -> sequential(dc, ac, bits);
        }
        if (first == 0) {
            require(bytes, refines || dc.isSound(MOST_DC));
            return refines ? block -> bits.skip(1) : block -> bits.skip(dc.next(bits));
        }
        require(bytes, ac.isSound(MOST_AC));
        CoefficientBand coefficients = new CoefficientBand(ac, bits, first, last, component.nonZero);
        if (refines) {
            return component.nonZero.length > 0 ? coefficients::refine : block -> {};
        }
        return coefficients::begin;
    }

    private static void sequential(HuffmanCode dc, HuffmanCode ac, ScanBits bits) throws UnsoundImageException {
        bits.skip(dc.next(bits));
        for (int k = 1; k < 64; k++) {
            int symbol = ac.next(bits);
            int size = symbol & 15;
            if (size > 0) {
                bits.skip(size);
                k += symbol >> 4;
            } else if (symbol == 0xf0) {
                k += 15;
            } else {
                return;
            }
        }
    }

    private static void require(FileBytes bytes, boolean sound) throws UnsoundImageException {
        if (!sound) {
            throw bytes.damaged("a Huffman table is wrong or missing");
        }
    }
}
