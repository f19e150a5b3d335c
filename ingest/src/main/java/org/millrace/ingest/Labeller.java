package org.millrace.ingest;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Gives entries their labels. */
@FunctionalInterface
interface Labeller {
    Optional<String> labelOf(SourceEntry entry) throws SourceException;

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
