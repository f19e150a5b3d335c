package org.millrace.server.dashboard;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Marks the processes of a round under way that have reported nothing for longer than two late slots take, and for a minute at least. Each
 * reports when it has computed a slot; between rounds, while they wait for images, all are silent and none is marked.
 *
 * @param reportedMillis when any process last reported
 * @param lateSeconds after the deal a slot is late; absent before the first round is merged, when silence means something after an hour
 */
record Silence(long reportedMillis, OptionalDouble lateSeconds) {
    private static final double LATE = 2;
    private static final double LEAST_SECONDS = 60;
    private static final double FIRST_SECONDS = 3_600; // as in the alert MillraceRoundStalled

    /** The same rounds, as of a moment. */
    Sections.Rounds mark(Sections.Rounds rounds, long nowMillis) {
        Optional<Sections.RoundUnderWay> round = rounds.underWay();
        if (round.isEmpty()) {
            return rounds;
        }
        long dealt = round.get().dealtAtMillis();
        long newest = Math.max(dealt, reportedMillis);
        List<Sections.Worker> workers = rounds.workers().stream()
                .map(worker -> worker.silent(isTooLong(Math.max(dealt, worker.seenMillis()), nowMillis)))
                .toList();
        return new Sections.Rounds(
                rounds.slots(),
                rounds.nextSlots(),
                rounds.merged(),
                round,
                rounds.usualSeconds(),
                rounds.lateSeconds(),
                rounds.waiting(),
                rounds.last(),
                workers,
                isTooLong(newest, nowMillis) ? Optional.of(newest) : Optional.empty());
    }

    private boolean isTooLong(long sinceMillis, long nowMillis) {
        double most =
                lateSeconds.isPresent() ? Math.max(LEAST_SECONDS, LATE * lateSeconds.getAsDouble()) : FIRST_SECONDS;
        return ((double) nowMillis - sinceMillis) / 1_000 > most;
    }
}
