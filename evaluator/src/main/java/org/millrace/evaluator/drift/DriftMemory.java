package org.millrace.evaluator.drift;

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
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Json;
import org.millrace.encoder.matrix.FeatureMatrix;

/**
 * What the topology remembers of each key (all images, or a source): where the watch stands, the reference window by window, and its
 * calibrations. One store, which survives restarts; the detectors made of it are kept beside.
 */
final class DriftMemory {
    /** Name of the store. */
    static final String STORE = "drift-memory";

    private static final String WATCH = "watch\0";
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

    Optional<Watch> watch(String key) {
        return Optional.ofNullable(store.get(WATCH + key)).map(json -> Json.read(json, Watch.class));
    }

    void put(String key, Watch watch) {
        store.put(WATCH + key, Json.write(watch));
    }

    /** The keys that are watched, in order. */
    List<String> keys() {
        return scan(WATCH).keySet().stream()
                .map(key -> key.substring(WATCH.length()))
                .toList();
    }

    /** Forgets reference and calibrations of the key, and begins the watch anew, after so many windows. */
    Watch begin(String key, long encoderVersion, int windowsLeftOut) {
        long former = watch(key).map(Watch::reference).orElse(0L);
        scan(REFERENCE + key + "\0").keySet().forEach(store::delete);
        scan(CALIBRATION + key + "\0").keySet().forEach(store::delete);
        Watch watch = Watch.fresh(encoderVersion, former + 1, windowsLeftOut);
        put(key, watch);
        return watch;
    }

    /** A window becomes part of the reference. */
    void addToReference(String key, long fromMillis, SampledRows window) {
        store.put(REFERENCE + key + String.format(Locale.ROOT, "\0%020d", fromMillis), window.toBytes());
    }

    /** The detectors of the key's reference, which is full. */
    ReferenceDetectors detectors(String key, Watch watch) {
        Made made = detectors.get(key);
        if (made == null || made.reference != watch.reference()) {
            made = new Made(
                    watch.reference(),
                    new ReferenceDetectors(
                            reference(key),
                            config.drift().expectedRun(),
                            config.run().seed(),
                            calibrations(key)));
            detectors.put(key, made);
        }
        return made.detectors;
    }

    // by rank: in an order that is random, and always the same
    private FeatureMatrix reference(String key) {
        List<SampledRows.Row> rows = new ArrayList<>();
        scan(REFERENCE + key + "\0")
                .values()
                .forEach(window -> rows.addAll(SampledRows.of(window).rows()));
        rows.sort(Comparator.comparingLong(SampledRows.Row::rank));
        return SampledRows.matrix(rows, SampledRows.Row::features);
    }

    private ReferenceDetectors.Calibrations calibrations(String key) {
        return new ReferenceDetectors.Calibrations() {
            @Override
            public Optional<Calibration> get(int images) {
                return Optional.ofNullable(store.get(CALIBRATION + key + "\0" + images))
                        .map(json -> Json.read(json, Calibration.class));
            }

            @Override
            public void put(Calibration calibration) {
                store.put(CALIBRATION + key + "\0" + calibration.images(), Json.write(calibration));
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
