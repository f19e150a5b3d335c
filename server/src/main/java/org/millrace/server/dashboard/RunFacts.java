package org.millrace.server.dashboard;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.event.Evaluation;

/**
 * The state of a run at one moment, according to its topics.
 *
 * @param atMillis Unix time at which it was reported
 * @param batchImages that training waits for: of a step, with several trainers of a round
 * @param newest step done
 * @param rounds with several trainers
 * @param evaluation the newest
 * @param windows the newest window of all images, whose source is blank, and of each source that is monitored separately
 * @param alarms the newest of each source
 */
record RunFacts(
        long atMillis,
        Sections.Run run,
        Sections.Stream stream,
        long batchImages,
        Optional<StepPoint> newest,
        Optional<Sections.Rounds> rounds,
        Sections.Dictionary dictionary,
        Sections.Stages stages,
        Optional<Evaluation> evaluation,
        Encoders encoders,
        List<DriftView.Window> windows,
        List<DriftView.Alarm> alarms) {
    /** A reader silent for longer than this is considered stuck. */
    static final long FRESH_MILLIS = 15_000;

    /**
     * The run's encoders.
     *
     * @param published version of the newest whose weights are on the topic
     * @param current the newest that was scored and is not held
     * @param held whether the newest scored encoder is held; absent before the first score
     */
    record Encoders(OptionalLong published, OptionalLong current, Optional<Boolean> held) {}

    /** Whether the broker answers the reader, and the reader is alive. */
    boolean brokerAnswers(long nowMillis) {
        return run.brokerAnswers() && nowMillis - atMillis < FRESH_MILLIS;
    }

    /** Whether everything that was on the topics has been read; until then these facts are out of date. */
    boolean readUp() {
        return run.reading().isEmpty();
    }
}
