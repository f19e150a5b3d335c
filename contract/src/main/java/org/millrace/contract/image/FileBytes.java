package org.millrace.contract.image;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A file's bytes as numbers. Positions are checked by the caller with {@link #require}. */
@SuppressWarnings("ArrayRecordComponent")
record FileBytes(byte[] file, String format) {
    int length() {
        return file.length;
    }

    int uint8(int at) {
        return file[at] & 0xff;
    }

    /** Big-endian, as JPEG and PNG write. */
    int bigUint16(int at) {
        return uint8(at) << 8 | uint8(at + 1);
    }

    /** Big-endian. */
    int bigInt32(int at) {
        return bigUint16(at) << 16 | bigUint16(at + 2);
    }

    /** Little-endian, as GIF, BMP and WebP write. */
    int uint16(int at) {
        return uint8(at) | uint8(at + 1) << 8;
    }

    int uint24(int at) {
        return uint16(at) | uint8(at + 2) << 16;
    }

    int int32(int at) {
        return uint16(at) | uint16(at + 2) << 16;
    }

    long uint32(int at) {
        return Integer.toUnsignedLong(int32(at));
    }

    boolean hasText(int at, String latin1) {
        return file.length >= at + latin1.length() && text(at, latin1.length()).equals(latin1);
    }

    String text(int at, int length) {
        return new String(file, at, length, StandardCharsets.ISO_8859_1);
    }

    /** Refuses a part of {@code count} bytes at {@code at} that does not lie within the file. */
    void require(long at, long count, String part) throws UnsoundImageException {
        if (count < 0 || at + count > file.length) {
            throw damaged("its %s of %d bytes at %d ends beyond the file of %d", part, count, at, file.length);
        }
    }

    /** A file of a kind that no decoder here takes, though it may be whole. */
    UnsoundImageException notRead(String message, Object... values) {
        return new UnsoundImageException(format + " of a kind that is not read: "
                + String.format(Locale.ROOT, message, values) + "; convert it to an ordinary JPEG or PNG");
    }

    UnsoundImageException damaged(String message, Object... values) {
        return new UnsoundImageException("damaged " + format + ": " + String.format(Locale.ROOT, message, values));
    }
}
