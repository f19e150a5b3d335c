package org.millrace.evaluator.drift.stream;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Json;
import org.millrace.evaluator.drift.detector.Calibration;
import org.millrace.evaluator.drift.detector.ReferenceDetectors;
import org.millrace.evaluator.drift.detector.StoredCalibration;
import org.millrace.evaluator.drift.detector.Usability;
import org.millrace.numerics.FeatureMatrix;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the topology remembers of each key (all images, or a source): its state, the reference window by window, and its
 * calibrations. One store, which survives restarts; the detectors made of it are kept in memory.
 */
final class DriftMemory {
    private static final Logger log = LoggerFactory.getLogger(DriftMemory.class);

    /** Name of the store. */
    static final String STORE = "drift-memory";

    private static final String STATE = "watch\0"; // as stores of older versions have it
    private static final String REFERENCE = "reference\0";
    private static final String CALIBRATION = "calibration\0";

    private final KeyValueStore<String, byte[]> store;
    private final MillraceConfig config;
    private final Map<String, Made> detectors = new HashMap<>();

    private record Made(long reference, ReferenceDetectors detectors) {}

    DriftMemory(KeyValueStore<String, byte[]> store, MillraceConfig config) {
        this.store = store;
        this.config = config;
    }

    Optional<DriftState> state(String key) {
        return read(STATE + key, DriftState.class);
    }

    // what cannot be read is computed again
    private <T> Optional<T> read(String key, Class<T> type) {
        byte @Nullable [] json = store.get(key);
        try {
            return json == null ? Optional.empty() : Optional.of(Json.read(json, type));
        } catch (UncheckedIOException e) {
            log.warn("drift's memory of '{}' is left out: {}", key.replace('\0', '/'), e.getMessage());
            return Optional.empty();
        }
    }

    void put(String key, DriftState drift) {
        store.put(STATE + key, Json.write(drift));
    }

    /** The keys with a state, in order. */
    List<String> keys() {
        return scan(STATE).keySet().stream()
                .map(key -> key.substring(STATE.length()))
                .toList();
    }

    /** Forgets reference and calibrations of the key; another reference begins after so many windows. */
    DriftState begin(String key, long encoderVersion, int windowsLeftOut) {
        long former = state(key).map(DriftState::reference).orElse(0L);
        scan(REFERENCE + key + "\0").keySet().forEach(store::delete);
        scan(CALIBRATION + key + "\0").keySet().forEach(store::delete);
        DriftState drift = DriftState.fresh(encoderVersion, former + 1, windowsLeftOut);
        put(key, drift);
        return drift;
    }

    /** A window becomes part of the reference. */
    void addToReference(String key, long fromMillis, SampledRows window) {
        store.put(REFERENCE + key + String.format(Locale.ROOT, "\0%020d", fromMillis), window.toBytes());
    }

    /** A full reference's detectors, or why it cannot be used. */
    Judged detectors(String key, DriftState drift) {
        Made made = detectors.get(key);
        if (made != null && made.reference == drift.reference()) {
            return new Usable(made.detectors);
        }
        List<SampledRows.Row> rows = reference(key);
        if (rows.size() < 2 * config.drift().windowImages()) {
            return new Unusable("only " + rows.size() + " of its images have finite features");
        }
        FeatureMatrix reference = SampledRows.matrix(rows, SampledRows.Row::features);
        Optional<String> problem = Usability.problem(reference);
        if (problem.isPresent()) {
            return new Unusable(problem.get());
        }
        made = new Made(
                drift.reference(),
                new ReferenceDetectors(
                        reference, config.drift().expectedRun(), config.run().seed(), calibrations(key)));
        detectors.put(key, made);
        return new Usable(made.detectors);
    }

    /** Whether a full reference can be compared with. */
    sealed interface Judged permits Usable, Unusable {}

    record Usable(ReferenceDetectors detectors) implements Judged {}

    record Unusable(String why) implements Judged {}

    /** Whether a window has as many features as the key's reference, if that has a window. */
    boolean mixes(String key, SampledRows window) {
        try (KeyValueIterator<String, byte[]> entries =
                store.prefixScan(REFERENCE + key + "\0", new StringSerializer())) {
            return !entries.hasNext()
                    || SampledRows.of(Objects.requireNonNull(entries.next().value))
                            .mixesWith(window);
        }
    }

    // by rank: a random order, always the same
    private List<SampledRows.Row> reference(String key) {
        List<SampledRows.Row> rows = new ArrayList<>();
        scan(REFERENCE + key + "\0")
                .values()
                .forEach(window -> rows.addAll(SampledRows.of(window).finite().rows()));
        rows.sort(Comparator.comparingLong(SampledRows.Row::rank));
        return rows;
    }

    private ReferenceDetectors.Calibrations calibrations(String key) {
        return new ReferenceDetectors.Calibrations() {
            @Override
            public Optional<Calibration> get(int images) {
                return read(CALIBRATION + key + "\0" + images, Map.class).flatMap(fields -> {
                    try {
                        return Optional.of(StoredCalibration.of(fields));
                    } catch (IllegalArgumentException e) {
                        log.warn("a calibration of drift is left out: {}", e.getMessage());
                        return Optional.empty();
                    }
                });
            }

            @Override
            public void put(Calibration calibration) {
                store.put(
                        CALIBRATION + key + "\0" + calibration.images(),
                        Json.write(StoredCalibration.fields(calibration)));
            }
        };
    }

    private Map<String, byte[]> scan(String prefix) {
        Map<String, byte[]> found = new TreeMap<>();
        try (KeyValueIterator<String, byte[]> entries = store.prefixScan(prefix, new StringSerializer())) {
            entries.forEachRemaining(entry -> found.put(entry.key, Objects.requireNonNull(entry.value)));
        }
        return found;
    }
}
