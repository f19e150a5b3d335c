package org.millrace.ingest.source;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The entries of several sources, source after source, each opened when its turn comes and closed after it. A source without entries is
 * an error. Not thread safe.
 */
public final class EntrySequence implements EntryReader {
    private final Iterator<ImageSource> sources;
    private @Nullable ImageSource source;
    private @Nullable EntryReader current;
    private boolean currentIsEmpty;

    public EntrySequence(List<ImageSource> sources) {
        this.sources = List.copyOf(sources).iterator();
    }

    @Override
    public Optional<SourceEntry> next() throws IOException {
        while (true) {
            Optional<SourceEntry> entry = current == null ? Optional.empty() : current.next();
            if (entry.isPresent()) {
                currentIsEmpty = false;
                return entry;
            }
            if (current != null && source != null) {
                finish(source, current);
            }
            if (!sources.hasNext()) {
                return Optional.empty();
            }
            source = sources.next();
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

    private void finish(ImageSource source, EntryReader reader) throws IOException {
        current = null;
        reader.close();
        if (currentIsEmpty) {
            throw source.holdsNothing();
        }
    }
}
