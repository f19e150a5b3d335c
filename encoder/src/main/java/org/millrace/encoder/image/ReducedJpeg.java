package org.millrace.encoder.image;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;

/**
 * Decodes JPEGs at a half, a quarter or an eighth of their size by a smaller inverse DCT, with libjpeg-turbo inside leptonica. Thread
 * safe.
 */
final class ReducedJpeg {
    private static final String RESOURCE = "/org/bytedeco/leptonica/linux-x86_64/libleptonica.so.6";
    private static final int SILENT = 6; // L_SEVERITY_NONE
    // RTLD_LAZY without RTLD_GLOBAL: the JDK's reader must not find libjpeg's functions here
    private static final int OPEN_LOCALLY = 1;
    private static final int GREY_BITS = 8;

    private static @Nullable Leptonica loaded;

    private final Leptonica library;

    /** Functions of leptonica; a {@code Pointer} is a PIX. */
    interface Leptonica extends Library {
        int setMsgSeverity(int severity);

        @Nullable
        Pointer pixReadMemJpeg(
                byte[] file, NativeLong length, int colourMap, int divisor, IntByReference warnings, int hint);

        int pixGetWidth(Pointer pix);

        int pixGetHeight(Pointer pix);

        int pixGetDepth(Pointer pix);

        int pixGetWpl(Pointer pix);

        Pointer pixGetData(Pointer pix);

        void pixDestroy(PointerByReference pix);
    }

    ReducedJpeg() {
        this.library = load();
    }

    private static synchronized Leptonica load() {
        Leptonica library = loaded;
        if (library == null) {
            try {
                String path = Native.extractFromResourcePath(RESOURCE, ReducedJpeg.class.getClassLoader())
                        .getAbsolutePath();
                library = Native.load(path, Leptonica.class, Map.of(Library.OPTION_OPEN_FLAGS, OPEN_LOCALLY));
            } catch (IOException | UnsatisfiedLinkError e) {
                throw new UserException(
                        "images.decode-scale=dct needs leptonica's library for Linux on x86-64, which cannot be loaded: "
                                + e.getMessage() + ". Set images.decode-scale=full.",
                        e);
            }
            library.setMsgSeverity(SILENT);
            loaded = library;
        }
        return library;
    }

    /** The reduced image, grey or RGB; empty where libjpeg-turbo reports any warning. */
    Optional<Pixels> read(byte[] file, int divisor) {
        IntByReference warnings = new IntByReference();
        Pointer pix = library.pixReadMemJpeg(file, new NativeLong(file.length), 0, divisor, warnings, 0);
        if (pix == null) {
            return Optional.empty();
        }
        try {
            return warnings.getValue() == 0 ? Optional.of(pixels(pix)) : Optional.empty();
        } finally {
            library.pixDestroy(new PointerByReference(pix));
        }
    }

    // a row is a number of words of 32 bits: red, green, blue and nothing, or four grey values, each from the upper
    // byte down
    private Pixels pixels(Pointer pix) {
        int width = library.pixGetWidth(pix);
        int height = library.pixGetHeight(pix);
        int words = library.pixGetWpl(pix);
        boolean grey = library.pixGetDepth(pix) == GREY_BITS;
        int plane = width * height;
        byte[] values = new byte[grey ? plane : 3 * plane];
        Pointer data = library.pixGetData(pix);
        int[] row = new int[words];
        for (int y = 0; y < height; y++) {
            data.read((long) Integer.BYTES * words * y, row, 0, words);
            for (int x = 0; x < width; x++) {
                int at = y * width + x;
                if (grey) {
                    values[at] = (byte) (row[x / 4] >>> (24 - 8 * (x % 4)));
                } else {
                    values[at] = (byte) (row[x] >>> 24);
                    values[plane + at] = (byte) (row[x] >>> 16);
                    values[2 * plane + at] = (byte) (row[x] >>> 8);
                }
            }
        }
        return new Pixels(grey ? 1 : 3, height, width, values);
    }
}
