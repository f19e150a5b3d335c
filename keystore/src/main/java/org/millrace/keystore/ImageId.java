package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import java.util.HexFormat;

/** The id of an image: the bytes of its record's key, 1 to 1024 of them. Two are equal when their bytes are. Immutable. */
public final class ImageId {
    public static final int MOST_BYTES = 1024;

    private final byte[] bytes;

    public ImageId(byte[] bytes) {
        check(
                bytes.length >= 1 && bytes.length <= MOST_BYTES,
                "an image id must have 1 to %d bytes, but had %d",
                MOST_BYTES,
                bytes.length);
        this.bytes = bytes.clone();
    }

    /** The bytes themselves, which nobody changes. */
    public byte[] bytes() {
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ImageId id && Arrays.equals(bytes, id.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** The bytes in hexadecimal. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes);
    }
}
