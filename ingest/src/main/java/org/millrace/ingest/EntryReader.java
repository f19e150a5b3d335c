package org.millrace.ingest;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** Entries one after the other. Not thread safe; the caller that opened it closes it. */
interface EntryReader extends Closeable {
    /** The next entry, or empty at the end. */
    Optional<SourceEntry> next() throws IOException;
}
