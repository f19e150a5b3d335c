package org.millrace.contract.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.image.SoundImage.Colours;
import org.millrace.contract.image.SoundImage.Part;

/**
 * A JPEG's segments (ITU-T T.81, Annex B). Kept are tables, the frame and its scans, behind one marker that says which colours libjpeg's
 * {@code default_decompress_parms} takes them for; what other programs left in APP and COM segments is not.
 */
final class JpegStructure {
    static final int SOI = 0xd8;
    static final int EOI = 0xd9;
    static final int SOS = 0xda;
    private static final int DNL = 0xdc;
    private static final int DHP = 0xde;
    private static final int COM = 0xfe;
    private static final int DHT = 0xc4;
    private static final int DAC = 0xcc;
    private static final int DQT = 0xdb;
    private static final int LOSSLESS = 0xc3;
    private static final int PROGRESSIVE = 0xc2;
    private static final int LEAST_WORK_OF_A_SCAN = 4096;
    /** Of a scan, for each row of its units: what a narrow image costs. */
    private static final int WORK_OF_A_UNIT_ROW = 200;

    private static final int WORK_OF_A_ROW = 50;
    /** Of a lossless JPEG, which is decoded in Java. */
    private static final int LOSSLESS_WORK_OF_A_SAMPLE = 10;

    private static final int MOST_BLOCKS_OF_A_UNIT = 10;

    private static final byte[] START = {(byte) 0xff, (byte) SOI};
    private static final byte[] JFIF = {
        (byte) 0xff, (byte) 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
    };
    private static final byte[] ADOBE_RGB = {
        (byte) 0xff, (byte) 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
    };

    private final FileBytes bytes;
    private final DecodingLimits limits;
    private final List<Part> parts = new ArrayList<>();
    private final List<Component> components = new ArrayList<>();
    private int width;
    private int height;
    private boolean jfif;
    private int adobeTransform = -1;
    private int frame;
    private final JpegTables tables;
    private long work;

    private record Component(int id, int across, int down, int quantiser) {}

    JpegStructure(FileBytes bytes, DecodingLimits limits) {
        this.bytes = bytes;
        this.tables = new JpegTables(bytes);
        this.limits = limits;
    }

    SoundImage judge() throws UnsoundImageException {
        int at = 2;
        while (true) {
            at = nextMarker(at);
            if (at < 0 || bytes.uint8(at) == EOI) {
                break;
            }
            at = segment(at);
        }
        if (work == 0) {
            throw bytes.damaged("it has no scan");
        }
        if (at >= 0) {
            parts.add(Part.of(new byte[] {(byte) 0xff, (byte) EOI}));
        }
        work += (long) WORK_OF_A_ROW * height;
        limits.checkWork(work, bytes);
        Colours colours = begin();
        return SoundImage.whole(ImageFormat.JPEG, width, height, colours, work, parts);
    }

    /** Where the code of the next marker stands, or -1; bytes between segments are passed over, as libjpeg does. */
    private int nextMarker(int from) {
        int at = from;
        while (at + 1 < bytes.length()) {
            int code = bytes.uint8(at + 1);
            if (bytes.uint8(at) == 0xff && code != 0xff && code != 0) {
                return at + 1;
            }
            at++;
        }
        return -1;
    }

    /** @param at of the marker's code; returns where the next marker is looked for */
    private int segment(int at) throws UnsoundImageException {
        int code = bytes.uint8(at);
        if (code == SOI) {
            throw bytes.damaged("a second image begins within it");
        }
        if (hasNoBody(code)) {
            return at + 1;
        }
        bytes.require(at + 1, 2, "marker");
        int length = bytes.bigUint16(at + 1);
        if (length < 2) {
            throw bytes.damaged("a segment of length %d", length);
        }
        bytes.require(at + 1, length, "segment");
        int end = at + 1 + length;
        if (code == 0xe0) {
            jfif |= length >= 16 && bytes.hasText(at + 3, "JFIF\0");
        } else if (code == 0xee && length >= 14 && bytes.hasText(at + 3, "Adobe")) {
            adobeTransform = bytes.uint8(at + 14);
        } else if (isFrame(code)) {
            frame(code, at + 3, end);
        } else if (code == DQT) {
            tables.addQuantisers(at + 3, end);
        } else if (code == DHT) {
            tables.addCodes(at + 3, end);
        } else if (code == SOS) {
            end = scan(at + 3, end);
        }
        if (!isForPrograms(code) && code != DNL && code != DHP) {
            parts.add(new Part(bytes.file(), at - 1, end));
        }
        return end;
    }

    /** Whether a marker stands alone: TEM, and the restart markers. */
    static boolean hasNoBody(int code) {
        return code == 0x01 || (code & 0xf8) == 0xd0;
    }

    /** Whether a segment is for programs, APPn or COM: decoding does without it. */
    static boolean isForPrograms(int code) {
        return (code >= 0xe0 && code <= 0xef) || code == COM;
    }

    private static boolean isFrame(int code) {
        return code >= 0xc0 && code <= 0xcf && code != DHT && code != DAC;
    }

    /** What the frame's code says of a file that no decoder here takes; empty for the kinds that are read. */
    private static Optional<String> kindNotRead(int code) {
        return switch (code) {
            case 0xc0, 0xc1, PROGRESSIVE, LOSSLESS -> Optional.empty();
            case 0xc5, 0xc6, 0xc7 -> Optional.of("hierarchical");
            case 0xc9, 0xca -> Optional.of("arithmetic coding");
            case 0xcb -> Optional.of("lossless with arithmetic coding");
            case 0xcd, 0xce, 0xcf -> Optional.of("hierarchical with arithmetic coding");
            default -> Optional.of("an unknown coding process");
        };
    }

    private void frame(int code, int at, int end) throws UnsoundImageException {
        Optional<String> notRead = kindNotRead(code);
        if (notRead.isPresent()) {
            throw bytes.notRead("%s (SOF%d)", notRead.get(), code - 0xc0);
        }
        frame = code;
        if (!components.isEmpty()) {
            throw bytes.damaged("a second frame begins within it");
        }
        if (end - at < 6 || end - at != 6 + 3 * bytes.uint8(at + 5)) {
            throw bytes.damaged("its frame's header has a wrong length");
        }
        int bits = bytes.uint8(at);
        if (code == LOSSLESS ? bits < 2 || bits > 16 : bits != 8) {
            throw bytes.notRead("samples of %d bits", bits);
        }
        height = bytes.bigUint16(at + 1);
        width = bytes.bigUint16(at + 3);
        int count = bytes.uint8(at + 5);
        if (width == 0 || height == 0) {
            throw bytes.damaged("its size is %d×%d", width, height);
        }
        limits.checkSize(width, height);
        if (count != 1 && count != 3 && count != 4) {
            throw bytes.damaged("it has %d components, wanted 1, 3 or 4", count);
        }
        for (int i = 0; i < count; i++) {
            int sampling = bytes.uint8(at + 7 + 3 * i);
            Component component = new Component(
                    bytes.uint8(at + 6 + 3 * i), sampling >> 4, sampling & 15, bytes.uint8(at + 8 + 3 * i));
            if (component.across < 1 || component.across > 4 || component.down < 1 || component.down > 4) {
                throw bytes.damaged("a component is sampled %d×%d", component.across, component.down);
            }
            components.add(component);
        }
        for (Component component : components) {
            if (mostAcross() % component.across != 0 || mostDown() % component.down != 0) {
                throw bytes.notRead(
                        "a component sampled %d×%d beside %d×%d",
                        component.across, component.down, mostAcross(), mostDown());
            }
        }
    }

    /** Counts the samples of a scan; returns where its data ends. */
    private int scan(int at, int end) throws UnsoundImageException {
        int count = end > at ? bytes.uint8(at) : 0;
        if (count < 1 || count > 4 || end - at != 4 + 2 * count) {
            throw bytes.damaged("a scan's header has a wrong length");
        }
        long samples = 0;
        int blocks = 0;
        for (int i = 0; i < count; i++) {
            int id = bytes.uint8(at + 1 + 2 * i);
            Component component = components.stream()
                    .filter(each -> each.id == id)
                    .findFirst()
                    .orElseThrow(() -> bytes.damaged("a scan of component %d, which its frame does not have", id));
            samples += samples(component);
            blocks += component.across * component.down;
            if (frame != LOSSLESS) { // whose scans name tables of one class and nothing to quantise by
                int coefficients = at + 1 + 2 * count;
                tables.check(frame == PROGRESSIVE, component.quantiser, bytes.uint8(at + 2 + 2 * i), coefficients);
            }
        }
        if (count > 1 && blocks > MOST_BLOCKS_OF_A_UNIT) {
            throw bytes.damaged("a scan of %d blocks to the unit, at most %d may be", blocks, MOST_BLOCKS_OF_A_UNIT);
        }
        if (frame == PROGRESSIVE) {
            checkCoefficients(count, at + 1 + 2 * count);
        }
        int data = end;
        while (data + 1 < bytes.length() && !endsScan(bytes.uint8(data), bytes.uint8(data + 1))) {
            data++;
        }
        int to = data + 1 < bytes.length() ? data : bytes.length();
        long ofSamples = frame == LOSSLESS ? LOSSLESS_WORK_OF_A_SAMPLE * samples : samples;
        work += Math.max(ofSamples, LEAST_WORK_OF_A_SCAN) + WORK_OF_A_UNIT_ROW * unitRows() + (to - end);
        limits.checkWork(work, bytes);
        return to;
    }

    private void checkCoefficients(int count, int at) throws UnsoundImageException {
        int first = bytes.uint8(at);
        int last = bytes.uint8(at + 1);
        int high = bytes.uint8(at + 2) >> 4;
        int low = bytes.uint8(at + 2) & 15;
        boolean band = first == 0 ? last == 0 : last >= first && last < 64 && count == 1;
        if (!band || low > 13 || (high > 0 && low != high - 1)) {
            throw bytes.damaged("a scan of coefficients %d to %d, bits %d to %d", first, last, high, low);
        }
    }

    /** Whether these two bytes end a scan's data: a marker that is neither a stuffed byte, a fill byte nor a restart. */
    static boolean endsScan(int first, int second) {
        return first == 0xff && second != 0 && second != 0xff && (second & 0xf8) != 0xd0;
    }

    // in whole blocks of 8×8, as many as all components together have at least
    private long samples(Component component) {
        long unitsAcross = (width + 8L * mostAcross() - 1) / (8L * mostAcross());
        return unitsAcross * component.across * unitRows() * component.down * 64;
    }

    private long unitRows() {
        return (height + 8L * mostDown() - 1) / (8L * mostDown());
    }

    private int mostAcross() {
        return components.stream().mapToInt(Component::across).max().orElseThrow();
    }

    private int mostDown() {
        return components.stream().mapToInt(Component::down).max().orElseThrow();
    }

    /** Puts the beginning in front: its marker decides the colours. */
    private Colours begin() {
        Colours colours = Colours.AS_STORED;
        byte[] marker = JFIF;
        if (components.size() == 4) {
            colours = adobeTransform > 0 ? Colours.YCCK : Colours.CMYK;
            marker = new byte[0];
        } else if (components.size() == 3 && isRgb()) {
            marker = ADOBE_RGB;
        }
        if (tables.lacksStandardCodes()) {
            parts.add(0, Part.of(StandardCodes.segment()));
        }
        parts.add(0, Part.of(marker));
        parts.add(0, Part.of(START));
        return colours;
    }

    private boolean isRgb() {
        if (jfif || adobeTransform >= 0) {
            return !jfif && adobeTransform == 0;
        }
        return components.get(0).id == 'R' && components.get(1).id == 'G' && components.get(2).id == 'B';
    }
}
