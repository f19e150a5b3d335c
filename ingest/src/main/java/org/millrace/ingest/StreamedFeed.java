package org.millrace.ingest;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Entries as their sources give them, source after source; holds none of them. */
final class StreamedFeed implements EntryFeed {
    private final List<ImageSource> sources;

    StreamedFeed(List<ImageSource> sources) {
        this.sources = List.copyOf(sources);
    }

    @Override
    public EntryReader pass(int pass, long leftOut) throws IOException {
        Pass entries = new Pass(sources.iterator());
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

    private static final class Pass implements EntryReader {
        private final Iterator<ImageSource> sources;
        private @Nullable EntryReader current;
        private String path = "";
        private boolean currentIsEmpty;

        Pass(Iterator<ImageSource> sources) {
            this.sources = sources;
        }

        @Override
        public Optional<SourceEntry> next() throws IOException {
            while (true) {
                Optional<SourceEntry> entry = current == null ? Optional.empty() : current.next();
                if (entry.isPresent()) {
                    currentIsEmpty = false;
                    return entry;
                }
                if (current != null) {
                    finish(current);
                }
                if (!sources.hasNext()) {
                    return Optional.empty();
                }
                ImageSource source = sources.next();
                path = source.path();
                currentIsEmpty = true;
                current = source.open();
            }
        }

        @Override
        public void close() throws IOException {
            if (current != null) {
                current.close();
            }
        }

        private void finish(EntryReader reader) throws IOException {
            current = null;
            reader.close();
            if (currentIsEmpty) {
                throw OrderedFeed.holdsNothing(path);
            }
        }
    }
}
