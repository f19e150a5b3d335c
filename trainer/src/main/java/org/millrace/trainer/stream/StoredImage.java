package org.millrace.trainer.stream;

import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.image.FileKey;

/**
 * An image of the replay buffer; its file lies in the image store.
 *
 * @param file names the file there
 * @param timestampMillis of the record
 * @param id the record's key, where it has one that is no longer than an id may be
 * @param source the record's header {@code source}, or blank
 * @param segment the offset of the first image of its segment, where it is known
 */
public record StoredImage(
        FileKey file, long timestampMillis, Optional<ImageId> id, String source, OptionalLong segment) {
    /** An image of no known segment. */
    public StoredImage(FileKey file, long timestampMillis, Optional<ImageId> id, String source) {
        this(file, timestampMillis, id, source, OptionalLong.empty());
    }

    /** The same image without its file. */
    public static StoredImage of(LoggedImage image) {
        return new StoredImage(
                FileKey.of(image.at(), image.file()),
                image.timestampMillis(),
                image.id(),
                image.source(),
                image.segment());
    }

    /** Where it lies in the log. */
    public ImageOffset at() {
        return file.at();
    }

    LoggedImage withFile(byte[] bytes) {
        return new LoggedImage(at(), timestampMillis, id, source, bytes).inSegment(segment);
    }

    /** The same image in that segment. */
    public StoredImage inSegment(OptionalLong first) {
        return new StoredImage(file, timestampMillis, id, source, first);
    }
}
