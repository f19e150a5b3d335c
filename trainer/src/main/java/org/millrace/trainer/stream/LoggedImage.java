package org.millrace.trainer.stream;

import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;

/**
 * An encoded image and where it lies in the log. Owns its array; nobody changes it.
 *
 * @param timestampMillis of the record, which orders the partitions of a fresh plan
 * @param id the record's key, where it has one that is no longer than an id may be
 * @param source the record's header {@code source}, or blank
 */
@SuppressWarnings("ArrayRecordComponent")
public record LoggedImage(ImageOffset at, long timestampMillis, Optional<ImageId> id, String source, byte[] file) {
    /** An image whose record has no key. */
    public LoggedImage(ImageOffset at, long timestampMillis, String source, byte[] file) {
        this(at, timestampMillis, Optional.empty(), source, file);
    }
}
