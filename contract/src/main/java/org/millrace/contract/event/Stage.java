package org.millrace.contract.event;

import java.util.Locale;

/** A stage of a training step, in the order of the step. Readers of a journal may meet others, of another release. */
public enum Stage {
    FETCH,
    DECODE,
    GATE,
    PLAN,
    MIX,
    VIEWS,
    WAIT,
    JOURNAL,
    MOMENTUM,
    KEYS,
    QUERIES,
    BACKWARD,
    UPDATE,
    ENQUEUE,
    HEALTH,
    DIGEST;

    /** Its name in {@link StepDone#stageMillis}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it prepares a later step on a thread of its own while the present one computes. */
    public boolean prepares() {
        return compareTo(VIEWS) <= 0;
    }
}
