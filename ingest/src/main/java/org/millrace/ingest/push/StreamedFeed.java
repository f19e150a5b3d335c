package org.millrace.ingest.push;

import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.EntrySequence;
import org.millrace.ingest.source.ImageSource;

/** Entries as their sources give them, source after source; holds none of them. */
final class StreamedFeed implements EntryFeed {
    private final List<ImageSource> sources;

    StreamedFeed(List<ImageSource> sources) {
        this.sources = List.copyOf(sources);
    }

    @Override
    public EntryReader pass(int pass, long leftOut) throws IOException {
        EntrySequence entries = new EntrySequence(sources);
        try {
            for (long i = 0; pass > 0 && i < leftOut; i++) {
                entries.next();
            }
        } catch (IOException e) {
            entries.close();
            throw e;
        }
        return entries;
    }

    @Override
    public OptionalLong entries() {
        return OptionalLong.empty();
    }

    @Override
    public void close() {}
}
