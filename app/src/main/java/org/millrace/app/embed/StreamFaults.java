package org.millrace.app.embed;

/** What tests let go wrong at points of a worker's loop. */
@FunctionalInterface
interface StreamFaults {
    StreamFaults NONE = point -> {};

    /** Behind each of these a worker may be killed. */
    enum Point {
        POLLED,
        EMBEDDED,
        SENT,
        OFFSETS_SENT,
        COMMITTED
    }

    void at(Point point);
}
