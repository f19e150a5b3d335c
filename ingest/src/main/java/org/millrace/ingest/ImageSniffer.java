package org.millrace.ingest;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Set;

/** Tells images from other files by their first bytes, without decoding. */
final class ImageSniffer {
    private static final int SHOWN_TEXT = 24;
    private static final int SHOWN_BYTES = 4;
    /** Lengths of the header that follows BMP's file header, of all its versions. */
    private static final Set<Integer> BMP_HEADERS = Set.of(12, 16, 40, 52, 56, 64, 108, 124);

    private ImageSniffer() {}

    static Verdict judge(Content content, int maxBytes) {
        if (content.size() > maxBytes) {
            return new Rejection(
                    Rejection.Kind.TOO_LARGE,
                    "larger than images.max-bytes (%d): %s%d bytes"
                            .formatted(maxBytes, content.sizeKnown() ? "" : "at least ", content.size()));
        }
        byte[] bytes = content.bytes();
        if (bytes.length == 0) {
            return new Rejection(Rejection.Kind.EMPTY, "empty");
        }
        if (startsWith(bytes, "ffd8ff")) {
            return new Accepted("image/jpeg");
        }
        if (startsWith(bytes, "89504e470d0a1a0a")) {
            return new Accepted("image/png");
        }
        if (hasText(bytes, 0, "GIF87a") || hasText(bytes, 0, "GIF89a")) {
            return new Accepted("image/gif");
        }
        if (hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP")) {
            return new Accepted("image/webp");
        }
        if (hasText(bytes, 0, "BM") && bytes.length >= 18 && BMP_HEADERS.contains(littleEndian(bytes, 14))) {
            return new Accepted("image/bmp");
        }
        return new Rejection(Rejection.Kind.NOT_AN_IMAGE, "not an image: " + describe(bytes));
    }

    private static String describe(byte[] bytes) {
        if (startsWith(bytes, "49492a00") || startsWith(bytes, "4d4d002a")) {
            return "TIFF is not read; convert it to PNG or JPEG";
        }
        if (hasText(bytes, 4, "ftyp")) {
            return "HEIC, AVIF and video are not read; convert it to PNG or JPEG";
        }
        if (startsWith(bytes, "1f8b")) {
            return "a gzip file; name it itself if it is a tar or IDX file";
        }
        if (hasText(bytes, 0, "PK\3\4")) {
            return "a zip file; name it itself to push what it holds";
        }
        String text = textAtBeginning(bytes);
        return text.isEmpty()
                ? "begins with bytes "
                        + HexFormat.ofDelimiter(" ").formatHex(bytes, 0, Math.min(SHOWN_BYTES, bytes.length))
                : "begins with text '" + text + "'";
    }

    /** The first characters in one line, or nothing where they are not text. */
    private static String textAtBeginning(byte[] bytes) {
        CharBuffer characters = CharBuffer.allocate(2 * SHOWN_TEXT);
        var result = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes), characters, false);
        String text = characters.flip().toString();
        boolean legal = !result.isError()
                && text.chars().noneMatch(c -> Character.isISOControl(c) && !Character.isWhitespace(c));
        if (!legal) {
            return "";
        }
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= SHOWN_TEXT && text.length() < 2 * SHOWN_TEXT
                ? line
                : line.substring(0, Math.min(SHOWN_TEXT, line.length())) + "…";
    }

    private static boolean startsWith(byte[] bytes, String hex) {
        int length = hex.length() / 2;
        return bytes.length >= length
                && HexFormat.of().formatHex(bytes, 0, length).equals(hex);
    }

    private static boolean hasText(byte[] bytes, int at, String text) {
        return bytes.length >= at + text.length()
                && new String(bytes, at, text.length(), StandardCharsets.ISO_8859_1).equals(text);
    }

    private static int littleEndian(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getInt(at);
    }
}
