package org.millrace.contract;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Text from outside (file names, keys, headers), safe to store, compare and print: valid Unicode on one line, without control
 * characters and without marks that reorder their neighbours. A byte that has no place there is written as U+FFFD and its two hexadecimal
 * digits: {@code B�E4r} for the Latin-1 name Bär. docs/decisions/0023-names-that-are-not-utf-8.md
 */
public final class OutsideText {
    /** UTF-8 bytes of the longest text that a record's header or key becomes. */
    public static final int MOST_BYTES = 1024;

    private static final char ESCAPE = '\ufffd';
    private static final String CUT = "…";
    private static final int HASH_DIGITS = 16;
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private OutsideText() {}

    /** A file's name, or a path. Different bytes become different text, and {@link #nameBytes} gives them back. */
    public static String ofName(byte[] name) {
        return escaped(name, true);
    }

    /** The bytes that {@link #ofName} made this text of. */
    public static byte[] nameBytes(String name) {
        var bytes = new ByteArrayOutputStream(name.length() + 8);
        for (int at = 0; at < name.length(); ) {
            if (isEscape(name, at)) {
                bytes.write(HexFormat.fromHexDigits(name, at + 1, at + 3));
                at += 3;
            } else {
                int codePoint = name.codePointAt(at);
                bytes.writeBytes(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8));
                at += Character.charCount(codePoint);
            }
        }
        return bytes.toByteArray();
    }

    /**
     * The value of a header or a key, at most {@link #MOST_BYTES} long: longer text ends with {@code …} and a hash of all of it, so that
     * different text stays different. Text that is safe already stays as it is.
     */
    public static String of(byte[] value) {
        boolean fits = value.length <= MOST_BYTES;
        String text = escaped(fits ? value : java.util.Arrays.copyOf(value, MOST_BYTES), false);
        if (fits && (text.length() <= MOST_BYTES / 3 || utf8Length(text) <= MOST_BYTES)) {
            return text;
        }
        int room = MOST_BYTES - CUT.getBytes(StandardCharsets.UTF_8).length - HASH_DIGITS;
        return beginning(text, room) + CUT + Sha256.of(value).substring(0, HASH_DIGITS);
    }

    /** The same for text. */
    public static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The text as it may stand within one line, of any length. */
    public static String visible(String text) {
        return isPlain(text) ? text : escaped(text.getBytes(StandardCharsets.UTF_8), false);
    }

    /** @param exact whether a U+FFFD that looks like an escape is escaped too */
    private static String escaped(byte[] bytes, boolean exact) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // reports what it cannot decode
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer decoded = CharBuffer.allocate(bytes.length + 1);
        StringBuilder text = new StringBuilder(bytes.length + 8);
        while (true) {
            CoderResult result = decoder.decode(in, decoded, true);
            append(decoded.flip().toString(), exact, text);
            decoded.clear();
            if (result.isUnderflow()) {
                return text.toString();
            }
            for (int left = result.length(); left > 0; left--) {
                append(in.get(), text);
            }
            decoder.reset();
        }
    }

    private static void append(String decoded, boolean exact, StringBuilder text) {
        if (isPlain(decoded) && !(exact && decoded.indexOf(ESCAPE) >= 0)) {
            text.append(decoded);
            return;
        }
        for (int at = 0; at < decoded.length(); at += Character.charCount(decoded.codePointAt(at))) {
            int codePoint = decoded.codePointAt(at);
            if (isUnsafe(codePoint) || (exact && isEscape(decoded, at))) {
                for (byte part : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
                    append(part, text);
                }
            } else {
                text.appendCodePoint(codePoint);
            }
        }
    }

    private static void append(byte escaped, StringBuilder text) {
        text.append(ESCAPE).append(HEX.toHexDigits(escaped));
    }

    private static boolean isEscape(String text, int at) {
        return text.charAt(at) == ESCAPE
                && at + 2 < text.length()
                && isUpperHex(text.charAt(at + 1))
                && isUpperHex(text.charAt(at + 2));
    }

    private static boolean isUpperHex(char digit) {
        return (digit >= '0' && digit <= '9') || (digit >= 'A' && digit <= 'F');
    }

    private static boolean isPlain(String text) {
        return text.codePoints().noneMatch(OutsideText::isUnsafe);
    }

    private static boolean isUnsafe(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
                true;
            case Character.FORMAT -> isBidi(codePoint);
            default -> false;
        };
    }

    // zero-width joiners are part of words and emoji; only what reorders text is meant
    private static boolean isBidi(int codePoint) {
        return codePoint == 0x061c
                || codePoint == 0x200e
                || codePoint == 0x200f
                || (codePoint >= 0x202a && codePoint <= 0x202e)
                || (codePoint >= 0x2066 && codePoint <= 0x2069);
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** As many whole characters as fit into so many bytes of UTF-8. */
    private static String beginning(String text, int bytes) {
        int left = bytes;
        int at = 0;
        while (at < text.length()) {
            int codePoint = text.codePointAt(at);
            left -= utf8Length(Character.toString(codePoint));
            if (left < 0) {
                break;
            }
            at += Character.charCount(codePoint);
        }
        return text.substring(0, at);
    }
}
