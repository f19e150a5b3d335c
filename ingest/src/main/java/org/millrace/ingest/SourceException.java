package org.millrace.ingest;

import java.io.IOException;

/** A source that cannot be gone on with; the message, for the user, says which, what was got and what was wanted. */
final class SourceException extends IOException {
    private static final long serialVersionUID = 1;

    SourceException(String message) {
        super(message);
    }

    SourceException(String message, Throwable cause) {
        super(message, cause);
    }
}
