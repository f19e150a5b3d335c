package org.millrace.keystore;

import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;

/**
 * Where a key comes from: its sequence number, the step that encoded it, and its image.
 *
 * @param segment of the image: the offset of its first frame in the image's partition; absent where segments were not looked for
 */
public record KeyProvenance(long sequence, long step, ImageOffset image, OptionalLong segment) {
    /** A key of an image whose segment is not known. */
    public KeyProvenance(long sequence, long step, ImageOffset image) {
        this(sequence, step, image, OptionalLong.empty());
    }
}
