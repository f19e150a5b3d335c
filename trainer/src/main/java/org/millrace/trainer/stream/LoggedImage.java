package org.millrace.trainer.stream;

import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.OutsideText;
import org.millrace.keystore.ImageId;

/**
 * An encoded image and where it lies in the log. Owns its array; nobody changes it.
 *
 * @param timestampMillis of the record, which orders the partitions of a fresh plan
 * @param id the record's key, where it has one that is no longer than an id may be
 * @param source the record's header {@code source}, or blank
 * @param claim where the file lies, of a record that has none itself
 * @param segment the offset of the first image of its segment, once it has been judged and where segments are looked for
 */
@SuppressWarnings("ArrayRecordComponent")
public record LoggedImage(
        ImageOffset at,
        long timestampMillis,
        Optional<ImageId> id,
        String source,
        byte[] file,
        Optional<Claim> claim,
        OptionalLong segment) {
    /** A URI, and the SHA-256 of what lies there, blank where the record does not say. */
    public record Claim(String location, String sha256) {}

    public LoggedImage {
        source = OutsideText.of(source); // of a file of an older version as well
    }

    /** An image whose record holds the file. */
    public LoggedImage(ImageOffset at, long timestampMillis, Optional<ImageId> id, String source, byte[] file) {
        this(at, timestampMillis, id, source, file, Optional.empty(), OptionalLong.empty());
    }

    /** An image whose record has no key. */
    public LoggedImage(ImageOffset at, long timestampMillis, String source, byte[] file) {
        this(at, timestampMillis, Optional.empty(), source, file);
    }

    LoggedImage withFile(byte[] fetched) {
        return new LoggedImage(at, timestampMillis, id, source, fetched, Optional.empty(), segment);
    }

    /** The same image in that segment. */
    public LoggedImage inSegment(OptionalLong first) {
        return new LoggedImage(at, timestampMillis, id, source, file, claim, first);
    }
}
