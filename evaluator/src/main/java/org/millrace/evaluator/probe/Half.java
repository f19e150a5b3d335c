package org.millrace.evaluator.probe;

/** The half of the probe set that an image belongs to. */
public enum Half {
    /** What the probes are fitted on. */
    TRAIN,
    /** What they are scored on. */
    TEST
}
