package org.millrace.app.dashboard;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.app.dashboard.Thinned.Tail;
import org.millrace.contract.event.Json;

/**
 * The records of {@code <run>.drift} as the page shows them: windows, and alarms with what became of them. All that the page knows of
 * drift's events it knows from here. Bounded; not thread safe.
 */
final class DriftView {
    private static final int WINDOWS = 400;
    private static final int SOURCES = 32;
    private static final int TEXT = 240;

    private final Thinned<Window> windows = new Thinned<>(WINDOWS, Window::worse);
    private final Map<String, Window> sources = new LinkedHashMap<>(); // the newest window of each
    private final Map<String, Alarm> alarms = new LinkedHashMap<>(); // the newest of each source, blank for all images

    /**
     * A window of the stream against the reference; where windows are merged, the one that is farthest from it.
     *
     * @param source whose images alone it holds, or blank
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
            Optional<Attribution> attribution) {
        Window worse(Window next) {
            return next.excess() >= excess() ? next : this;
        }

        private double excess() {
            return detectors.stream().mapToDouble(Detector::excess).max().orElse(-1);
        }
    }

    /** A detector's answer; {@code excess} is 1 at the threshold, more beyond it, less before it. */
    record Detector(String name, double score, OptionalDouble pValue, double threshold, boolean alarm, double excess) {}

    /** How much of the embeddings' change the images make, and how much the encoder of that version. */
    record Attribution(long version, double ofImages, double ofEncoder) {}

    /** Where an alarm stands, and since which window. */
    record Alarm(String source, String state, long fromMillis, List<String> detectors, String note, long atMillis) {}

    void add(byte[] record) {
        JsonNode event = Json.read(record, JsonNode.class);
        String source = text(event, "source");
        if (event.path("type").asText("report").equals("alarm")) {
            alarms.remove(source);
            alarms.put(
                    source,
                    new Alarm(
                            source,
                            text(event, "state"),
                            event.path("windowFromMillis").asLong(),
                            names(event.path("detectors")),
                            text(event, "note"),
                            event.path("atMillis").asLong()));
            bound(alarms);
            return;
        }
        Window window = window(event, source);
        if (source.isEmpty()) {
            windows.add(window);
        } else {
            sources.put(source, window);
            bound(sources);
        }
    }

    void clear() {
        windows.clear();
        sources.clear();
        alarms.clear();
    }

    /** The newest alarm of each source. */
    List<Alarm> alarms() {
        return List.copyOf(alarms.values());
    }

    /** The newest window of each source that is watched by itself. */
    List<Window> sources() {
        return List.copyOf(sources.values());
    }

    Optional<Tail<Window>> takeChanges() {
        return windows.hasChanged() ? Optional.of(windows.takeChanges()) : Optional.empty();
    }

    private static Window window(JsonNode report, String source) {
        List<Detector> detectors = new ArrayList<>();
        for (JsonNode detection : report.path("detectors")) {
            double score = detection.path("score").asDouble();
            double threshold = detection.path("threshold").asDouble();
            JsonNode p = detection.path("pValue");
            OptionalDouble pValue = p.isNumber() ? OptionalDouble.of(p.asDouble()) : OptionalDouble.empty();
            detectors.add(new Detector(
                    text(detection, "name"),
                    score,
                    pValue,
                    threshold,
                    detection.path("alarm").asBoolean(),
                    excess(score, pValue, threshold)));
        }
        JsonNode attribution = report.path("attribution");
        return new Window(
                source,
                report.path("fromMillis").asLong(),
                report.path("toMillis").asLong(),
                report.path("images").asLong(),
                report.path("referenceImages").asInt(),
                report.path("encoderVersion").asLong(),
                text(report, "verdict"),
                detectors,
                attribution.isObject()
                        ? Optional.of(new Attribution(
                                attribution.path("version").asLong(),
                                attribution.path("ofImages").asDouble(),
                                attribution.path("ofEncoder").asDouble()))
                        : Optional.empty());
    }

    /** How far a detector is on its way to the threshold: for a p-value on a logarithmic scale. */
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

    private static List<String> names(JsonNode array) {
        List<String> names = new ArrayList<>();
        array.forEach(name -> names.add(name.asText()));
        return names;
    }

    private static String text(JsonNode node, String field) {
        String text = node.path(field).isTextual() ? node.path(field).asText() : "";
        return text.length() > TEXT ? text.substring(0, TEXT - 1) + "…" : text;
    }
}
