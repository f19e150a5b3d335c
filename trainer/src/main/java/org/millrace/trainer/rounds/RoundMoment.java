package org.millrace.trainer.rounds;

/**
 * The moments of a round at which a crash leaves something different behind, in the order in which they come; what recovery does at each is
 * in docs/decisions/0040-slots-dealt-by-the-journal.md. Publishing and keeping a state are such moments too, which
 * {@link org.millrace.trainer.TrainerEvents} reports.
 */
public enum RoundMoment {
    /** The deal is durable. */
    DEALT,
    /** A slot's steps are done; nothing has been sent. */
    COMPUTED,
    /** The contribution's records are durable; nobody knows of them. */
    SENT,
    /** The contribution is announced. */
    ANNOUNCED,
    /** The merge is durable; nothing of it is published. */
    MERGED,
    /** This process has the merged state. */
    ADOPTED;

    /** Called at each moment, on the thread where it comes; in production it does nothing. */
    @FunctionalInterface
    public interface Listener {
        Listener NONE = (moment, round) -> {};

        void at(RoundMoment moment, long round);
    }
}
