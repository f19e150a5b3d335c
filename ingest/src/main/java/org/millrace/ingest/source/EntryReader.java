package org.millrace.ingest.source;

import java.io.Closeable;
import java.io.IOException;
import java.util.Iterator;
import java.util.Optional;

/** Reads entries one after the other. Not thread safe; the caller that opened it closes it. */
public interface EntryReader extends Closeable {
    /** The next entry, or empty at the end. */
    Optional<SourceEntry> next() throws IOException;

    /** The entries of an iterator; closing it does nothing. */
    static EntryReader over(Iterator<SourceEntry> entries) {
        return new EntryReader() {
            @Override
            public Optional<SourceEntry> next() {
                return entries.hasNext() ? Optional.of(entries.next()) : Optional.empty();
            }

            @Override
            public void close() {}
        };
    }
}
