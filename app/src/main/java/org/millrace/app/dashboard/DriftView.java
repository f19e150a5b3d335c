package org.millrace.app.dashboard;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.app.dashboard.Thinned.Tail;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Verdict;
import org.millrace.contract.event.Json;

/**
 * The records of {@code <run>.drift} as the page shows them. All that the page knows of drift's events it knows from here. Not thread
 * safe.
 */
final class DriftView {
    private static final int WINDOWS = 400;
    private static final int ALARMS = 20;

    private final Thinned<Window> windows = new Thinned<>(WINDOWS, Window::worse);
    private final List<Alarm> alarms = new ArrayList<>(); // newest first

    /** A window of the stream against the reference; where windows are merged, the one that is farthest from it. */
    record Window(
            long fromMillis,
            long toMillis,
            long images,
            int referenceImages,
            long encoderVersion,
            String verdict,
            List<Detector> detectors) {
        Window worse(Window next) {
            return next.excess() >= excess() ? next : this;
        }

        private double excess() {
            return detectors.stream().mapToDouble(Detector::excess).max().orElse(-1);
        }
    }

    /** A detector's answer; {@code excess} is 1 at the threshold, more beyond it, less before it. */
    record Detector(String name, double score, OptionalDouble pValue, double threshold, boolean alarm, double excess) {}

    /** An alarm: since which window, in which state, by which detectors, and until when where it has ended. */
    record Alarm(
            String id,
            String state,
            long fromMillis,
            long untilMillis,
            int windows,
            List<String> detectors,
            String source,
            boolean canAcknowledge) {}

    void add(byte[] record) {
        DriftReport report = Json.read(record, DriftReport.class);
        List<Detector> detectors = report.detectors().stream()
                .map(detection -> new Detector(
                        detection.name(),
                        detection.score(),
                        detection.pValue(),
                        detection.threshold(),
                        detection.alarm(),
                        excess(detection.score(), detection.pValue(), detection.threshold())))
                .toList();
        windows.add(new Window(
                report.fromMillis(),
                report.toMillis(),
                report.images(),
                report.referenceImages(),
                report.encoderVersion(),
                report.verdict().name(),
                detectors));
        follow(report);
    }

    void clear() {
        windows.clear();
        alarms.clear();
    }

    List<Alarm> alarms() {
        return List.copyOf(alarms);
    }

    Optional<Tail<Window>> takeChanges() {
        return windows.hasChanged() ? Optional.of(windows.takeChanges()) : Optional.empty();
    }

    // windows of drift that follow each other are one alarm, which the first stable one ends
    private void follow(DriftReport report) {
        boolean open = !alarms.isEmpty() && alarms.get(0).state().equals("RAISED");
        if (report.verdict() == Verdict.DRIFT) {
            List<String> names = report.detectors().stream()
                    .filter(DriftReport.Detection::alarm)
                    .map(DriftReport.Detection::name)
                    .toList();
            Alarm before = open ? alarms.remove(0) : null;
            alarms.add(
                    0,
                    new Alarm(
                            String.valueOf(before == null ? report.fromMillis() : before.fromMillis()),
                            "RAISED",
                            before == null ? report.fromMillis() : before.fromMillis(),
                            report.toMillis(),
                            before == null ? 1 : before.windows() + 1,
                            names,
                            "",
                            false));
        } else if (report.verdict() == Verdict.STABLE && open) {
            Alarm before = alarms.remove(0);
            alarms.add(
                    0,
                    new Alarm(
                            before.id(),
                            "CLEARED",
                            before.fromMillis(),
                            report.fromMillis(),
                            before.windows(),
                            before.detectors(),
                            "",
                            false));
        }
        while (alarms.size() > ALARMS) {
            alarms.remove(alarms.size() - 1);
        }
    }

    /** How far a detector is on its way to the threshold: for a p-value on a logarithmic scale. */
    static double excess(double score, OptionalDouble pValue, double threshold) {
        if (pValue.isPresent()) {
            return Math.log(Math.max(pValue.getAsDouble(), 1e-12)) / Math.log(threshold);
        }
        return score / threshold;
    }

}
