package org.millrace.ingest.camera;

import java.time.Clock;
import java.time.Duration;

/**
 * Time as a live camera needs it.
 *
 * @param clock of the frames' arrival, and of how long the camera has been silent
 * @param pause between two attempts to connect
 */
record CameraTime(Clock clock, Pause pause) {
    static final CameraTime SYSTEM = new CameraTime(Clock.systemUTC(), duration -> Thread.sleep(duration.toMillis()));

    /** Waits. */
    @FunctionalInterface
    interface Pause {
        void await(Duration duration) throws InterruptedException;
    }
}
