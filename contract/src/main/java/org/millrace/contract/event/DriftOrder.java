package org.millrace.contract.event;

import java.util.Optional;

/**
 * A person's order to the watch over drift, on the topic {@code <run>.drift-orders}.
 *
 * @param source it is about; absent for all images together
 * @param note why; may be empty
 * @param atMillis Unix time
 */
public record DriftOrder(int schema, Kind kind, Optional<String> source, String note, long atMillis) {
    public static final int SCHEMA = 1;

    /** What to do. */
    public enum Kind {
        /** The alarm has been seen. */
        ACKNOWLEDGE,
        /** The images from now on are the reference. */
        REBASE
    }
}
