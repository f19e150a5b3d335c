package org.millrace.ingest.source;

import java.io.IOException;

/** A source that cannot be read further. The message is for the user: which source, what was found, what was wanted. */
public final class SourceException extends IOException {
    private static final long serialVersionUID = 1;

    public SourceException(String message) {
        super(message);
    }

    public SourceException(String message, Throwable cause) {
        super(message, cause);
    }
}
