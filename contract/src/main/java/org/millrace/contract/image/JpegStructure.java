package org.millrace.contract.image;

import java.util.ArrayList;
import java.util.List;
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
    private static final int LEAST_WORK_OF_A_SCAN = 4096;

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
    private long work;

    private record Component(int id, int across, int down) {}

    JpegStructure(FileBytes bytes, DecodingLimits limits) {
        this.bytes = bytes;
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
            frame(at + 3, end);
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
        return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
    }

    private void frame(int at, int end) throws UnsoundImageException {
        if (!components.isEmpty()) {
            throw bytes.damaged("a second frame begins within it");
        }
        if (end - at < 6 || end - at != 6 + 3 * bytes.uint8(at + 5)) {
            throw bytes.damaged("its frame's header has a wrong length");
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
            Component component = new Component(bytes.uint8(at + 6 + 3 * i), sampling >> 4, sampling & 15);
            if (component.across < 1 || component.across > 4 || component.down < 1 || component.down > 4) {
                throw bytes.damaged("a component is sampled %d×%d", component.across, component.down);
            }
            components.add(component);
        }
    }

    /** Counts the samples of a scan; returns where its data ends. */
    private int scan(int at, int end) throws UnsoundImageException {
        int count = end > at ? bytes.uint8(at) : 0;
        if (count < 1 || count > 4 || end - at != 4 + 2 * count) {
            throw bytes.damaged("a scan's header has a wrong length");
        }
        long samples = 0;
        for (int i = 0; i < count; i++) {
            int id = bytes.uint8(at + 1 + 2 * i);
            samples += components.stream()
                    .filter(component -> component.id == id)
                    .findFirst()
                    .map(this::samples)
                    .orElseThrow(() -> bytes.damaged("a scan of component %d, which its frame does not have", id));
        }
        int data = end;
        while (data + 1 < bytes.length() && !endsScan(bytes.uint8(data), bytes.uint8(data + 1))) {
            data++;
        }
        int to = data + 1 < bytes.length() ? data : bytes.length();
        work += Math.max(samples, LEAST_WORK_OF_A_SCAN) + (to - end);
        limits.checkWork(work, bytes);
        return to;
    }

    /** Whether these two bytes end a scan's data: a marker that is neither a stuffed byte, a fill byte nor a restart. */
    static boolean endsScan(int first, int second) {
        return first == 0xff && second != 0 && second != 0xff && (second & 0xf8) != 0xd0;
    }

    // in whole blocks of 8×8, as many as all components together have at least
    private long samples(Component component) {
        int mostAcross = components.stream().mapToInt(Component::across).max().orElseThrow();
        int mostDown = components.stream().mapToInt(Component::down).max().orElseThrow();
        long unitsAcross = (width + 8L * mostAcross - 1) / (8L * mostAcross);
        long unitsDown = (height + 8L * mostDown - 1) / (8L * mostDown);
        return unitsAcross * component.across * unitsDown * component.down * 64;
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
