package org.millrace.ingest.push;

import java.io.Closeable;
import java.io.IOException;
import java.util.OptionalLong;
import org.millrace.ingest.label.LabelledSources;
import org.millrace.ingest.source.EntryReader;

/** The entries of a request in its order, pass after pass. Not thread safe; the caller that opened it closes it. */
sealed interface EntryFeed extends Closeable permits StreamedFeed, OrderedFeed {
    /**
     * Opens the feed that a request's order needs.
     *
     * @param maxBytes of an image
     * @param heldBytes the most bytes of images that ordering may hold in memory
     * @throws org.millrace.contract.UserException if a file of labels fits none of the images
     */
    static EntryFeed open(PushRequest request, LabelledSources sources, int maxBytes, long heldBytes)
            throws IOException {
        sources.labeller().requireMatch(sources.sources());
        return switch (request.order()) {
            case AS_IS -> new StreamedFeed(sources.sources());
            case SHUFFLED, BY_LABEL -> OrderedFeed.open(request, sources, maxBytes, heldBytes);
        };
    }

    /**
     * The entries of a pass.
     *
     * @param pass from 0, ascending
     * @param leftOut entries that were left out at the beginning of pass 0; they are left out of later passes too
     */
    EntryReader pass(int pass, long leftOut) throws IOException;

    /** Entries of a pass, where known. */
    OptionalLong entries();
}
