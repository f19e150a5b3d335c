package org.millrace.app.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.millrace.ingest.camera.FrameCounts;

/** What did not reach the log of a camera's frames, in words. */
public final class FrameText {
    private FrameText() {}

    /** The end of a line; empty where there is nothing to report. */
    public static String leftOut(FrameCounts counts) {
        List<String> parts = new ArrayList<>();
        add(parts, counts.thinned(), "frames left out by --every");
        add(parts, counts.dropped(), "dropped because the broker was slower");
        add(parts, counts.skippedBytes(), "bytes between frames skipped");
        return parts.isEmpty() ? "" : "; " + String.join(", ", parts);
    }

    private static void add(List<String> parts, long count, String what) {
        if (count > 0) {
            parts.add(String.format(Locale.ROOT, "%,d %s", count, what));
        }
    }
}
