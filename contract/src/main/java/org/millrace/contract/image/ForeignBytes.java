package org.millrace.contract.image;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** What a file is that is no image, as far as its first bytes say. */
final class ForeignBytes {
    private static final int SHOWN_TEXT = 24;
    private static final int SHOWN_BYTES = 4;

    private ForeignBytes() {}

    /** A clause such as {@code begins with text 'hello'}, of a file with at least one byte. */
    static String describe(byte[] bytes) {
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
}
