package org.millrace.ingest.label;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.ImageSources;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.SourceException;

/** Gives entries their labels. */
@FunctionalInterface
public interface Labeller {
    /** The entry's label, if it has one. */
    Optional<String> labelOf(SourceEntry entry) throws SourceException;

    /**
     * Reads the sources up to the first image that a file of labels fits; does nothing for other labels.
     *
     * @throws org.millrace.contract.UserException if it fits none
     */
    default void requireMatch(List<ImageSource> sources) throws IOException {}

    /** @throws org.millrace.contract.UserException if a file of labels cannot be used */
    static Labeller of(Labels labels) {
        if (labels instanceof Labels.None) {
            return entry -> Optional.empty();
        }
        if (labels instanceof Labels.FromFolder) {
            return entry -> present(entry.folder());
        }
        if (labels instanceof Labels.FromFile file && !ImageSources.isIdxLabels(file.file())) {
            return CsvLabels.read(file.file());
        }
        return entry -> present(entry.ownLabel());
    }

    private static Optional<String> present(@Nullable String label) {
        return Optional.ofNullable(label).filter(text -> !text.isBlank());
    }
}
