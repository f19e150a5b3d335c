package org.millrace.app.text;

import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.millrace.contract.event.GateCounts;

/** What the gate has skipped, in words. */
public final class GateText {
    private static final int SOURCES = 8;

    private GateText() {}

    /** {@code skipped 89 %}: the share of all images. */
    public static String share(GateCounts gate) {
        return "skipped " + percent(gate.skipped(), gate.seen());
    }

    /** The count, and the share of each source, those with the most images first. */
    public static String of(GateCounts gate) {
        String sources = gate.sources().entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, GateCounts.Source> source) ->
                                source.getValue().seen())
                        .reversed())
                .limit(SOURCES)
                .map(source ->
                        percent(source.getValue().skipped(), source.getValue().seen()) + " of "
                                + (source.getKey().isEmpty() ? "images without a source" : source.getKey()))
                .collect(Collectors.joining(", "));
        int others = gate.sources().size() - SOURCES;
        return gate.skipped() + " (" + sources + (others > 0 ? ", and of " + others + " more sources" : "") + ")";
    }

    private static String percent(long part, long whole) {
        return String.format(Locale.ROOT, "%.0f %%", 100.0 * part / Math.max(1, whole));
    }
}
