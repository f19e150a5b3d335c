package org.millrace.trainer.stream;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.millrace.contract.event.Stage;

/** Wall time of the stages of one step, by name in their order. Not thread safe. */
public final class StageClock {
    private static final double NANOS_PER_MILLI = 1e6;

    private final LongSupplier nanoTime;
    private final Map<String, Double> millis = new LinkedHashMap<>();
    private long last;

    public StageClock(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.last = nanoTime.getAsLong();
    }

    /** Ends a stage that began at the end of the one before. */
    public void lap(Stage stage) {
        long now = nanoTime.getAsLong();
        millis.merge(stage.key(), (now - last) / NANOS_PER_MILLI, Double::sum);
        last = now;
    }

    public Map<String, Double> millis() {
        return Collections.unmodifiableMap(millis);
    }
}
