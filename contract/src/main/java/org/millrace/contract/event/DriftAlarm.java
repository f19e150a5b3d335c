package org.millrace.contract.event;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import java.util.Optional;

/**
 * A change of an alarm's state. The first window that drifts raises it; it stays raised until it is acknowledged, and the first window
 * without drift after that clears it. The next window that drifts raises another. A new reference ends it, too.
 *
 * @param windowFromMillis Unix time of the beginning of the window that raised it
 * @param detectors that raised it
 * @param note of the person who acknowledged or took a new reference; may be empty
 * @param atMillis Unix time: of the window that raised or cleared it, by the images' records, or of the person's order
 */
public record DriftAlarm(
        int schema,
        String run,
        Optional<String> source,
        State state,
        long windowFromMillis,
        List<String> detectors,
        String note,
        long atMillis)
        implements DriftEvent {
    public DriftAlarm {
        detectors = List.copyOf(detectors);
    }

    /** Whether the images have not been found as before since. */
    @JsonIgnore
    public boolean isOpen() {
        return state == State.RAISED || state == State.ACKNOWLEDGED;
    }

    /** Where it stands. */
    public enum State {
        RAISED,
        ACKNOWLEDGED,
        CLEARED,
        /** The images that follow are the new reference; with it or without an alarm before. */
        REBASED
    }
}
