package org.millrace.ingest.source;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.tar.TarUtils;
import org.jspecify.annotations.Nullable;

/**
 * Names of tar entries as bytes. The library's reader decodes them, those of pax headers always as UTF-8, and loses what is not; so they
 * are read here once more from the same headers.
 */
final class TarNames {
    private static final int BLOCK = TarConstants.DEFAULT_RCDSIZE;
    private static final int SIZE_AT = 124;
    private static final int TYPE_AT = 156;
    private static final int MAGIC_AT = 257;
    private static final int PREFIX_AT = 345;
    private static final int XSTAR_MAGIC_AT = 508;

    private TarNames() {}

    /**
     * The name of the entry that these headers end with: that of its pax header, or else its GNU long name, or else its own.
     *
     * @param headers all blocks from the former entry's end to this entry's content
     * @throws IllegalArgumentException if they are no such headers
     */
    static byte[] last(byte[] headers) {
        byte @Nullable [] longName = null;
        byte @Nullable [] pax = null;
        for (int at = 0; at + BLOCK <= headers.length; ) {
            byte type = headers[at + TYPE_AT];
            boolean extension = type == TarConstants.LF_GNUTYPE_LONGNAME
                    || type == TarConstants.LF_GNUTYPE_LONGLINK
                    || type == TarConstants.LF_PAX_EXTENDED_HEADER_LC
                    || type == TarConstants.LF_PAX_EXTENDED_HEADER_UC
                    || type == TarConstants.LF_PAX_GLOBAL_EXTENDED_HEADER;
            if (!extension) {
                byte[] special = pax != null ? pax : longName;
                return special != null ? special : own(Arrays.copyOfRange(headers, at, at + BLOCK));
            }
            long size = TarUtils.parseOctalOrBinary(headers, at + SIZE_AT, TarConstants.SIZELEN);
            long next = at + BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
            if (size < 0 || next > headers.length) {
                throw new IllegalArgumentException("the header of an entry is cut short");
            }
            byte[] body = Arrays.copyOfRange(headers, at + BLOCK, at + BLOCK + (int) size);
            if (type == TarConstants.LF_GNUTYPE_LONGNAME) {
                longName = upToNul(body, 0, body.length);
            } else if (type == TarConstants.LF_PAX_EXTENDED_HEADER_LC
                    || type == TarConstants.LF_PAX_EXTENDED_HEADER_UC) {
                pax = path(body).orElse(pax);
            }
            at = (int) next;
        }
        throw new IllegalArgumentException("the header of an entry is missing");
    }

    /** The name of a header itself: its prefix, where its form has one, and its name. */
    private static byte[] own(byte[] block) {
        byte[] name = upToNul(block, 0, TarConstants.NAMELEN);
        if (Magic.begins(block, MAGIC_AT, "ustar ")) {
            return name; // GNU keeps other things there
        }
        boolean xstar = Magic.begins(block, XSTAR_MAGIC_AT, "tar\0");
        byte[] prefix = upToNul(block, PREFIX_AT, xstar ? TarConstants.PREFIXLEN_XSTAR : TarConstants.PREFIXLEN);
        if (prefix.length == 0) {
            return name;
        }
        byte[] whole = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
        whole[prefix.length] = '/';
        System.arraycopy(name, 0, whole, prefix.length + 1, name.length);
        return whole;
    }

    /** The value of {@code path} in the body of a pax header: lines {@code length key=value}, whose length counts all of the line. */
    private static Optional<byte[]> path(byte[] body) {
        Optional<byte[]> path = Optional.empty();
        int at = 0;
        while (at < body.length && body[at] != 0) {
            int space = indexOf(body, ' ', at);
            int length = Integer.parseInt(new String(body, at, space - at, StandardCharsets.US_ASCII));
            int equals = indexOf(body, '=', space);
            int end = Math.addExact(at, length);
            if (end > body.length || equals >= end) {
                throw new IllegalArgumentException("a pax header is damaged");
            }
            String key = new String(body, space + 1, equals - space - 1, StandardCharsets.UTF_8);
            if (key.equals("path") || key.equals("GNU.sparse.name")) {
                path = Optional.of(Arrays.copyOfRange(body, equals + 1, end - 1))
                        .filter(value -> value.length > 0);
            }
            at = end;
        }
        return path;
    }

    private static int indexOf(byte[] bytes, char wanted, int from) {
        for (int at = from; at < bytes.length; at++) {
            if (bytes[at] == wanted) {
                return at;
            }
        }
        throw new IllegalArgumentException("a pax header is damaged");
    }

    private static byte[] upToNul(byte[] bytes, int from, int length) {
        int end = from;
        while (end < from + length && bytes[end] != 0) {
            end++;
        }
        return Arrays.copyOfRange(bytes, from, end);
    }
}
