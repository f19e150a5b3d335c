package org.millrace.trainer.rounds;

import org.millrace.contract.RunTopics;

/** The consumer groups of a run of several trainers, which only say who is there: no offset is committed. */
public final class RoundsGroups {
    private RoundsGroups() {}

    /** Its processes, each with the slots that it computes. */
    public static String workers(RunTopics run) {
        return "millrace-" + run.run() + "-workers";
    }

    /** Those that would lead; the one with the partition does. */
    public static String conductor(RunTopics run) {
        return "millrace-" + run.run() + "-conductor";
    }
}
