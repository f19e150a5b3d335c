package org.millrace.ingest.push;

import static org.millrace.contract.Check.check;

import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.millrace.contract.OutsideText;
import org.millrace.ingest.source.Names;

/**
 * A file from another program, not judged yet, with the contract's optional headers as that program gave them.
 *
 * @param name for messages and rejects
 * @param id becomes the record's key
 * @param capturedAt ISO-8601 with an offset from UTC
 * @param split only for the probe
 */
public record IncomingImage(
        PushRequest.Target target,
        String name,
        Optional<String> id,
        Optional<String> source,
        Optional<String> label,
        Optional<String> capturedAt,
        PushRequest.Split split,
        Body body) {
    private static final int LONGEST_LABEL = 256;

    /** The file's bytes; opened once, and read up to {@code images.max-bytes}. */
    public interface Body {
        InputStream open() throws IOException;

        /** The length in bytes that its sender declared, or -1. */
        long declaredBytes();
    }

    public IncomingImage {
        checkText("id", id, Names.LONGEST);
        checkText("source", source, Names.LONGEST);
        checkText("label", label, LONGEST_LABEL);
        checkText("captured-at", capturedAt, LONGEST_LABEL);
        capturedAt.ifPresent(IncomingImage::checkTime);
        check(
                split == PushRequest.Split.BY_HASH || target == PushRequest.Target.PROBE,
                "split %s is for images of the probe only; images of the stream have no split",
                split.words());
    }

    ImageRecords.About about() {
        return new ImageRecords.About(id.orElse(null), source, label, capturedAt, split, name);
    }

    private static void checkText(String what, Optional<String> text, int longest) {
        text.ifPresent(value -> {
            check(!value.isBlank(), "%s must not be blank; leave it out where there is none", what);
            check(
                    value.length() <= longest,
                    "%s must have at most %d characters, but had %d",
                    what,
                    longest,
                    value.length());
            check(
                    value.equals(OutsideText.visible(value)),
                    "%s must be one line of text, but had a control character: '%s'",
                    what,
                    Names.shown(value));
        });
    }

    private static void checkTime(String text) {
        try {
            OffsetDateTime parsed = DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, OffsetDateTime::from);
            check(parsed.getYear() >= 0, "captured-at must be after the year 0, but was '%s'", text);
        } catch (DateTimeException e) {
            check(
                    false,
                    "captured-at must be ISO-8601 with an offset (2026-05-01T12:00:00Z), but was '%s'",
                    Names.shown(text));
        }
    }
}
