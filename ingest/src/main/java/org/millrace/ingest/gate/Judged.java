package org.millrace.ingest.gate;

import java.io.IOException;
import java.util.Optional;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.source.Content;
import org.millrace.ingest.source.Names;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.UnreadableEntryException;

/** A file's content with the verdict on it. */
public record Judged(Content content, Verdict verdict) {
    /** Reads the entry, at most {@code images.max-bytes} of it. */
    public static Judged of(SourceEntry entry, ImagesConfig images) throws IOException {
        if (entry.origin().name().length() > Names.LONGEST) {
            return unreadable("cannot be read: its name is longer than " + Names.LONGEST + " characters");
        }
        try {
            return of(entry.reading().read(images.maxBytes()), images);
        } catch (UnreadableEntryException e) {
            return unreadable(String.valueOf(e.getMessage()));
        }
    }

    public static Judged of(Content content, ImagesConfig images) {
        return new Judged(content, ImageSniffer.judge(content, images));
    }

    public boolean isAccepted() {
        return verdict instanceof Accepted;
    }

    /** The same; refused where it was accepted and there is no label, which every image of the probe needs. */
    public Judged requireLabel(Optional<String> label) {
        return isAccepted() && label.isEmpty() ? new Judged(content, Rejection.noLabel()) : this;
    }

    private static Judged unreadable(String reason) {
        return new Judged(Content.EMPTY, new Rejection(Rejection.Kind.UNREADABLE, reason));
    }
}
