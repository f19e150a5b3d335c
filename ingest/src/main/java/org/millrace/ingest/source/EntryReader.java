package org.millrace.ingest.source;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** Reads entries one after the other. Not thread safe; the caller that opened it closes it. */
public interface EntryReader extends Closeable {
    /** The next entry, or empty at the end. */
    Optional<SourceEntry> next() throws IOException;
}
