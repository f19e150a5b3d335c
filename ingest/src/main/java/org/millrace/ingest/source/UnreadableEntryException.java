package org.millrace.ingest.source;

import java.io.IOException;

/** A single entry that cannot be read; the rest of its source can. The message is the reason for its rejection. */
public final class UnreadableEntryException extends IOException {
    private static final long serialVersionUID = 1;

    public UnreadableEntryException(String reason) {
        super(reason);
    }
}
