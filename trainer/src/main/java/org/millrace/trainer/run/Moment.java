package org.millrace.trainer.run;

/**
 * The moments of a run at which a crash leaves something different behind, in the order in which they come. What recovery does at each is
 * in docs/decisions/0016-one-writer-and-its-crash-points.md; a test crashes a real process at each.
 */
public enum Moment {
    /** A plan is on its way and may or may not be durable. */
    PLANNED,
    /** The plan is durable and nothing of its step has happened. */
    PLAN_DURABLE,
    /** The step changed the weights and appended its keys; nothing has been reported. */
    COMPUTED,
    /** The step's result is on its way. */
    REPORTED,
    /** An encoder is on its way. */
    PUBLISHED,
    /** The key store and the image store are synced and a checkpoint copied; none of it is in the folder. */
    SNAPSHOT,
    /** The checkpoint's files are whole and do not have their name yet. */
    WRITTEN,
    /** The checkpoint has its name; the oldest one may still be there. */
    NAMED,
    /** Keys and images that no checkpoint needs are gone. */
    RELEASED;

    /** Called at each moment, on the thread where it comes; in production it does nothing. */
    @FunctionalInterface
    public interface Listener {
        Listener NONE = (moment, step) -> {};

        void at(Moment moment, long step);
    }
}
