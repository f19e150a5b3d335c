package org.millrace.contract;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Paths as text and back by their bytes, the same in every locale. {@link Path#toString} and {@link Path#of(String, String...)} go
 * through the locale's encoding and lose what it cannot express; a {@code file:} URI holds the bytes themselves.
 */
public final class FileNames {
    private static final String UNRESERVED = "-._~/";
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private FileNames() {}

    /** The whole path as {@link OutsideText#ofName} writes it. */
    public static String text(Path path) {
        String decoded = path.toString();
        if (isVisibleAscii(decoded) || !path.getFileSystem().getSeparator().equals("/")) {
            return decoded;
        }
        String text = OutsideText.ofName(bytes(path.toUri().getRawPath()));
        if (text.endsWith("/") && path.getNameCount() > 0) {
            text = text.substring(0, text.length() - 1); // the URI of a folder
        }
        if (path.isAbsolute()) {
            return text;
        }
        int begin = text.length();
        for (int names = path.getNameCount(); names > 0; names--) {
            begin = text.lastIndexOf('/', begin - 1);
        }
        return text.substring(begin + 1);
    }

    /** The path's last name; for a root the root. */
    public static String name(Path path) {
        Path name = path.getFileName();
        String text = text(path);
        return name == null
                ? text
                : text.substring(text.lastIndexOf(path.getFileSystem().getSeparator()) + 1);
    }

    /**
     * The path that {@link #text} gives this text for.
     *
     * @throws InvalidPathException if it cannot be a path
     */
    public static Path path(String text) {
        Path here = Path.of("");
        if (isVisibleAscii(text) || !here.getFileSystem().getSeparator().equals("/")) {
            return Path.of(text);
        }
        String folder = text.startsWith("/")
                ? ""
                : here.toAbsolutePath().toUri().getRawPath().replaceFirst("/?$", "/");
        try {
            return Path.of(URI.create("file://" + folder + encoded(OutsideText.nameBytes(text))));
        } catch (IllegalArgumentException e) { // a NUL
            throw new InvalidPathException(OutsideText.visible(text), "no name of a file");
        }
    }

    private static boolean isVisibleAscii(String text) {
        return text.chars().allMatch(character -> character >= ' ' && character <= '~');
    }

    private static String encoded(byte[] path) {
        StringBuilder encoded = new StringBuilder(path.length * 2);
        for (byte each : path) {
            char character = (char) (each & 0xff);
            if (character < 0x80 && (Character.isLetterOrDigit(character) || UNRESERVED.indexOf(character) >= 0)) {
                encoded.append(character);
            } else {
                encoded.append('%').append(HEX.toHexDigits(each));
            }
        }
        return encoded.toString();
    }

    private static byte[] bytes(String encoded) {
        var bytes = new ByteArrayOutputStream(encoded.length());
        byte[] ascii = encoded.getBytes(StandardCharsets.US_ASCII);
        for (int at = 0; at < ascii.length; at++) {
            if (ascii[at] == '%') {
                bytes.write(HexFormat.fromHexDigits(encoded, at + 1, at + 3));
                at += 2;
            } else {
                bytes.write(ascii[at]);
            }
        }
        return bytes.toByteArray();
    }
}
