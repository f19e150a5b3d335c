package org.millrace.contract.image;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The formats that are read, each known by its first bytes. */
public enum ImageFormat {
    JPEG,
    PNG,
    GIF,
    BMP,
    WEBP;

    /** Lengths of the header that follows BMP's file header, of all its versions. */
    private static final Set<Integer> BMP_HEADERS = Set.of(12, 16, 40, 52, 56, 64, 108, 124);

    /** The format of a file; empty where it is none of these. */
    public static Optional<ImageFormat> of(byte[] file) {
        FileBytes bytes = new FileBytes(file, "file");
        if (bytes.hasText(0, "\u00ff\u00d8\u00ff")) {
            return Optional.of(JPEG);
        }
        if (bytes.hasText(0, "\u0089PNG\r\n\u001a\n")) {
            return Optional.of(PNG);
        }
        if (bytes.hasText(0, "GIF87a") || bytes.hasText(0, "GIF89a")) {
            return Optional.of(GIF);
        }
        if (bytes.hasText(0, "RIFF") && bytes.hasText(8, "WEBP")) {
            return Optional.of(WEBP);
        }
        if (bytes.hasText(0, "BM") && file.length >= 18 && BMP_HEADERS.contains(bytes.int32(14))) {
            return Optional.of(BMP);
        }
        return Optional.empty();
    }

    /** In lower case, as reasons of refusal and content types name it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public String contentType() {
        return "image/" + label();
    }
}
