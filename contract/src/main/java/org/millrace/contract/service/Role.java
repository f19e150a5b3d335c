package org.millrace.contract.service;

/**
 * Where a supervised role of the process stands.
 *
 * @param failures since the process began
 */
public record Role(String name, State state, long failures) {
    /** What it does now. */
    public enum State {
        RUNNING,
        /** It failed and starts again after a pause. */
        WAITING,
        /** It failed and is not started again by itself. */
        FAILED,
        /** It has done its work, or was stopped. */
        ENDED
    }
}
