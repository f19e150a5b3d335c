package org.millrace.ingest;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;

/** The entries of a request in its order, pass after pass. Not thread safe; the caller that opened it closes it. */
sealed interface EntryFeed extends Closeable permits StreamedFeed, OrderedFeed {
    /**
     * Opens the feed that a request's order needs; ordering holds at most {@code heldBytes} of images in memory. Fails
     * where a file of labels fits none of the sources' images.
     */
    static EntryFeed open(
            PushRequest request, List<ImageSource> sources, Labeller labeller, int maxBytes, long heldBytes)
            throws IOException {
        if (labeller instanceof CsvLabels labels) {
            labels.requireMatch(sources);
        }
        return switch (request.order()) {
            case AS_IS -> new StreamedFeed(sources);
            case SHUFFLED, BY_LABEL -> OrderedFeed.open(request, sources, labeller, maxBytes, heldBytes);
        };
    }

    /**
     * The entries of a pass.
     *
     * @param pass from 0, ascending
     * @param leftOut entries that were left out at the beginning of pass 0; they do not come again
     */
    EntryReader pass(int pass, long leftOut) throws IOException;

    /** Entries of a pass, where known. */
    OptionalLong entries();
}
