package org.millrace.evaluator.drift.stream;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;

/** Keys of drift detection: all images together, and single sources. */
final class DriftKeys {
    /** All images together. */
    static final String ALL = "all";

    private static final String SOURCE = "source:";

    private DriftKeys() {}

    static String of(Optional<String> source) {
        return source.map(name -> SOURCE + name).orElse(ALL);
    }

    /** Whether records may have that key. */
    static boolean isKey(@Nullable String key) {
        return key != null && (key.equals(ALL) || key.startsWith(SOURCE));
    }

    static Optional<String> source(String key) {
        return key.equals(ALL) ? Optional.empty() : Optional.of(key.substring(SOURCE.length()));
    }

    /** What became of the key's alarm. */
    static DriftAlarm event(
            MillraceConfig config, String key, DriftState drift, DriftAlarm.State state, String note, long atMillis) {
        return new DriftAlarm(
                DriftEvent.SCHEMA,
                config.run().name(),
                source(key),
                state,
                drift.alarmFromMillis(),
                drift.alarmBy(),
                note,
                atMillis);
    }
}
