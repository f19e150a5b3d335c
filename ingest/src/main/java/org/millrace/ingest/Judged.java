package org.millrace.ingest;

import java.io.IOException;

/** An entry's content and what is made of it. */
record Judged(Content content, Verdict verdict) {
    /** Reads the entry, at most that many bytes of it. */
    static Judged of(SourceEntry entry, int maxBytes) throws IOException {
        if (entry.origin().name().length() > Names.LONGEST) {
            return new Judged(
                    Content.EMPTY,
                    new Rejection(
                            Rejection.Kind.UNREADABLE,
                            "cannot be read: its name is longer than " + Names.LONGEST + " characters"));
        }
        try {
            Content content = entry.reading().read(maxBytes);
            return new Judged(content, ImageSniffer.judge(content, maxBytes));
        } catch (UnreadableEntryException e) {
            return new Judged(Content.EMPTY, new Rejection(Rejection.Kind.UNREADABLE, String.valueOf(e.getMessage())));
        }
    }
}
