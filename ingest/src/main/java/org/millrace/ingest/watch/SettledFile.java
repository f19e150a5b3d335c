package org.millrace.ingest.watch;

import java.nio.file.attribute.BasicFileAttributes;
import org.millrace.ingest.source.Content;
import org.millrace.ingest.source.SourceEntry;

/** A file whose size and time have stayed the same for long enough to read it. */
record SettledFile(SourceEntry entry, BasicFileAttributes attributes) {
    String name() {
        return entry.origin().name();
    }

    long modifiedMillis() {
        return attributes.lastModifiedTime().toMillis();
    }

    /** Whether what was read of it has another size: it is being written after all. */
    boolean differsFrom(Content content) {
        return content.sizeKnown() && content.size() != attributes.size();
    }
}
