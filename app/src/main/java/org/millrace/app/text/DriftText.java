package org.millrace.app.text;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.millrace.contract.Count;
import org.millrace.contract.event.Attribution;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Detection;

/** Drift events as lines of text. */
public final class DriftText {
    private DriftText() {}

    /** @param broker HOST:PORT for the commands that answer an alarm */
    public static String line(DriftEvent event, String broker) {
        return event instanceof DriftReport report ? line(report) : line((DriftAlarm) event, broker);
    }

    /** A window's verdict, each detector's score with its probability without drift, how far the features moved, and the cause of the change. */
    public static String line(DriftReport report) {
        String what = switch (report.verdict()) {
            case NOT_ENOUGH -> "not enough images for a verdict";
            case UNUSABLE -> "unusable: " + report.reason().orElse("");
            case REFERENCE ->
                String.format(Locale.ROOT, "reference (%s so far)", Count.of(report.referenceImages(), "image"));
            case STABLE -> "stable  ";
            case DRIFT -> "DRIFT   ";
        };
        return String.format(
                Locale.ROOT,
                "%s  %,7d images  %s%s%s%s%s",
                Instant.ofEpochMilli(report.fromMillis()),
                report.images(),
                of(report.source()),
                what,
                report.detectors().stream().map(DriftText::words).collect(Collectors.joining(" · ")),
                report.stability().isPresent()
                        ? String.format(
                                Locale.ROOT, " · PSI %.2f", report.stability().getAsDouble())
                        : "",
                report.attribution().map(DriftText::words).orElse(""));
    }

    /** An alarm's new state, and the commands that respond to it. */
    static String line(DriftAlarm alarm, String broker) {
        String since = Instant.ofEpochMilli(alarm.windowFromMillis()).toString();
        String options = " --bootstrap-server " + broker + " --run " + alarm.run()
                + alarm.source().map(name -> " --source '" + name + "'").orElse("");
        String what = switch (alarm.state()) {
            case RAISED ->
                "ALARM: the images have changed since " + since + ", according to "
                        + String.join(", ", alarm.detectors())
                        + "\n    to acknowledge it:      millrace drift acknowledge" + options
                        + "\n    for a permanent change: millrace drift rebase" + options;
            case ACKNOWLEDGED -> "alarm of " + since + " acknowledged; the next window without drift clears it";
            case CLEARED -> "alarm of " + since + " cleared: a window without drift";
            case REBASED -> "the images from now on are the new reference";
        };
        return Instant.ofEpochMilli(alarm.atMillis()) + "  " + of(alarm.source()) + what
                + (alarm.note().isEmpty() ? "" : " (" + alarm.note() + ")");
    }

    private static String of(Optional<String> source) {
        return source.map(name -> name + "  ").orElse("");
    }

    private static String words(Attribution attribution) {
        return String.format(
                Locale.ROOT,
                " · of the change %.0f %% images, %.0f %% encoder %d",
                100 * attribution.imageShare(),
                100 * (1 - attribution.imageShare()),
                attribution.version());
    }

    private static String words(Detection detection) {
        String score = detection.pValue().isPresent()
                ? String.format(
                        Locale.ROOT,
                        "%s %.3g (p %.2g)",
                        detection.name(),
                        detection.score(),
                        detection.pValue().getAsDouble())
                : String.format(
                        Locale.ROOT, "%s %.1f of %.1f", detection.name(), detection.score(), detection.threshold());
        return detection.alarm() ? score + "!" : score;
    }
}
