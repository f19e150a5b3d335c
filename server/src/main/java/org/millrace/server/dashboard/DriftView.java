package org.millrace.server.dashboard;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.millrace.contract.event.Attribution;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftReport;
import org.millrace.server.dashboard.Thinned.Tail;

/**
 * The records of {@code <run>.drift} as the page shows them: windows, and alarms with their state. The page's only source of drift
 * events. Bounded; not thread safe.
 */
final class DriftView {
    private static final int WINDOWS = 400;
    private static final int SOURCES = 32;
    private static final int TEXT = 240;

    private final Thinned<Window> windows = new Thinned<>(WINDOWS, Window::worse);
    private Optional<Window> newest = Optional.empty(); // of all images
    private final Map<String, Window> sources = new LinkedHashMap<>(); // the newest window of each
    private final Map<String, Alarm> alarms = new LinkedHashMap<>(); // the newest of each source, blank for all images
    private final Map<String, Compared> compared = new LinkedHashMap<>(); // likewise

    /**
     * A window of the stream compared with the reference; where windows are merged, the one farthest from it.
     *
     * @param source the only source of its images, or blank for all
     */
    record Window(
            String source,
            long fromMillis,
            long toMillis,
            long images,
            int referenceImages,
            long encoderVersion,
            String verdict,
            List<Detector> detectors,
            OptionalDouble stability,
            Optional<Attribution> attribution,
            Optional<String> reason) {
        Window worse(Window next) {
            return next.excess() >= excess() ? next : this;
        }

        private double excess() {
            return detectors.stream().mapToDouble(Detector::excess).max().orElse(-1);
        }
    }

    /** A detector's score; {@code excess} is 1 at the threshold, more beyond it, less before it. */
    record Detector(String name, double score, OptionalDouble pValue, double threshold, boolean alarm, double excess) {}

    /** An alarm's state, and the time of the window that raised it. */
    record Alarm(String source, String state, long fromMillis, List<String> detectors, String note, long atMillis) {}

    /**
     * The two spans of time, by the images' records, that an alarm compares.
     *
     * @param reference of the current reference, as far as it is full
     * @param drifted of the newest window that drifts from it
     */
    record Compared(long encoderVersion, Times reference, Optional<Times> drifted) {
        private static Compared grown(Compared known, Compared more) {
            return known.encoderVersion == more.encoderVersion
                    ? new Compared(known.encoderVersion, known.reference.with(more.reference), known.drifted)
                    : more;
        }

        private Compared drifting(Times window) {
            return new Compared(encoderVersion, reference, Optional.of(window));
        }
    }

    /** A span of time in Unix milliseconds, its end exclusive. */
    record Times(long fromMillis, long toMillis) {
        private Times with(Times other) {
            return new Times(Math.min(fromMillis, other.fromMillis), Math.max(toMillis, other.toMillis));
        }
    }

    void add(DriftEvent event) {
        String source = shortened(event.source().orElse(""));
        if (event instanceof DriftAlarm alarm) {
            alarms.remove(source);
            alarms.put(
                    source,
                    new Alarm(
                            source,
                            alarm.state().name(),
                            alarm.windowFromMillis(),
                            alarm.detectors(),
                            shortened(alarm.note()),
                            alarm.atMillis()));
            bound(alarms);
            if (alarm.state() == DriftAlarm.State.REBASED) {
                compared.remove(source);
            }
        } else if (event instanceof DriftReport report) {
            Window window = window(report, source);
            compare(report, source);
            if (source.isEmpty()) {
                windows.add(window);
                newest = Optional.of(window);
            } else {
                sources.put(source, window);
                bound(sources);
            }
        }
    }

    void clear() {
        windows.clear();
        newest = Optional.empty();
        sources.clear();
        alarms.clear();
        compared.clear();
    }

    /** The spans that each alarm compares, by source, blank for all images. */
    Map<String, Compared> compared() {
        return Map.copyOf(compared);
    }

    private void compare(DriftReport report, String source) {
        Times times = new Times(report.fromMillis(), report.toMillis());
        if (report.verdict() == DriftReport.Verdict.REFERENCE) {
            compared.merge(source, new Compared(report.encoderVersion(), times, Optional.empty()), Compared::grown);
            bound(compared);
        } else if (report.verdict() == DriftReport.Verdict.DRIFT) {
            compared.computeIfPresent(source, (name, known) -> known.drifting(times));
        }
    }

    /** The newest alarm of each source. */
    List<Alarm> alarms() {
        return List.copyOf(alarms.values());
    }

    /** The newest window of each source that is monitored separately. */
    List<Window> sources() {
        return List.copyOf(sources.values());
    }

    /** The newest window of all images, and those of {@link #sources}. */
    List<Window> newest() {
        return Stream.concat(newest.stream(), sources.values().stream()).toList();
    }

    Optional<Tail<Window>> takeChanges() {
        return windows.hasChanged() ? Optional.of(windows.takeChanges()) : Optional.empty();
    }

    private static Window window(DriftReport report, String source) {
        List<Detector> detectors = report.detectors().stream()
                .map(detection -> new Detector(
                        detection.name(),
                        detection.score(),
                        detection.pValue(),
                        detection.threshold(),
                        detection.alarm(),
                        excess(detection.score(), detection.pValue(), detection.threshold())))
                .toList();
        return new Window(
                source,
                report.fromMillis(),
                report.toMillis(),
                report.images(),
                report.referenceImages(),
                report.encoderVersion(),
                report.verdict().name(),
                detectors,
                report.stability(),
                report.attribution(),
                report.reason());
    }

    /** How close a detector's score is to its threshold; logarithmic for a p-value. */
    static double excess(double score, OptionalDouble pValue, double threshold) {
        return pValue.isPresent()
                ? Math.log(Math.max(pValue.getAsDouble(), 1e-12)) / Math.log(threshold)
                : score / threshold;
    }

    private static <T> void bound(Map<String, T> newest) {
        if (newest.size() > SOURCES) {
            newest.remove(newest.keySet().iterator().next());
        }
    }

    private static String shortened(String text) {
        return text.length() > TEXT ? text.substring(0, TEXT - 1) + "…" : text;
    }
}
