package org.millrace.ingest;

import java.io.IOException;
import org.millrace.contract.config.ImagesConfig;

/** An entry's content and what is made of it. */
record Judged(Content content, Verdict verdict) {
    /** Reads the entry, at most {@code images.max-bytes} of it. */
    static Judged of(SourceEntry entry, ImagesConfig images) throws IOException {
        if (entry.origin().name().length() > Names.LONGEST) {
            return new Judged(
                    Content.EMPTY,
                    new Rejection(
                            Rejection.Kind.UNREADABLE,
                            "cannot be read: its name is longer than " + Names.LONGEST + " characters"));
        }
        try {
            Content content = entry.reading().read(images.maxBytes());
            return new Judged(content, ImageSniffer.judge(content, images));
        } catch (UnreadableEntryException e) {
            return new Judged(Content.EMPTY, new Rejection(Rejection.Kind.UNREADABLE, String.valueOf(e.getMessage())));
        }
    }
}
