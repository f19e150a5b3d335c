package org.millrace.ingest;

import java.io.IOException;

/** One entry that cannot be read, while its source goes on; the message is the reason of its rejection. */
final class UnreadableEntryException extends IOException {
    private static final long serialVersionUID = 1;

    UnreadableEntryException(String reason) {
        super(reason);
    }
}
