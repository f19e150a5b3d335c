package org.millrace.trainer.replay;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.run.RunFolders;
import org.millrace.trainer.stream.LogGap;
import org.millrace.trainer.stream.StreamPosition;

/**
 * Where a replay begins, and what the journal holds from there.
 *
 * @param checkpoint to begin with; empty for the run's first step
 * @param past the plans of the steps after it
 * @param done results by step; of a step that the run computed again, the last one
 */
record ReplayStart(Optional<Checkpoint> checkpoint, Past past, Map<Long, StepDone> done) {
    /**
     * The beginning whose images the log still has.
     *
     * @param from the step of a checkpoint; none takes the first step, or the oldest checkpoint that lacks no images
     * @throws UserException where there is no such run or checkpoint, or the log no longer has the images
     */
    static ReplayStart choose(MillraceConfig config, KafkaSettings kafka, OptionalLong from) {
        CheckpointFolder folder = RunFolders.checkpoints(config);
        LogIdentity log;
        try (var topics = new TopicSetup(kafka)) {
            topics.requireRun(config.run().topics());
            log = topics.identity(config.images().topic());
        }
        ReplayStart first =
                at(from.isPresent() ? Optional.of(folder.at(from.getAsLong())) : Optional.empty(), config, kafka);
        Optional<LogGap> gap = first.gap(config, kafka, log);
        if (gap.isEmpty()) {
            return first;
        }
        for (long step : from.isPresent() ? List.<Long>of() : wholeCheckpoints(folder)) {
            ReplayStart later = at(Optional.of(folder.at(step)), config, kafka);
            if (later.gap(config, kafka, log).isEmpty()) {
                return later;
            }
        }
        throw new UserException("run " + config.run().name() + " cannot be computed again: "
                + gap.get().what() + (from.isPresent() ? "" : " No checkpoint of it lies behind that."));
    }

    // oldest first
    private static List<Long> wholeCheckpoints(CheckpointFolder folder) {
        return folder.inspect().values().stream()
                .flatMap(inspection -> inspection.state().stream())
                .map(RunState::step)
                .sorted()
                .toList();
    }

    private static ReplayStart at(Optional<Checkpoint> checkpoint, MillraceConfig config, KafkaSettings kafka) {
        Optional<RunState> state = checkpoint.map(Checkpoint::state);
        long step = state.map(RunState::step).orElse(0L);
        long offset = state.map(RunState::journalOffset).orElse(0L);
        Map<Long, StepDone> done = new HashMap<>();
        Past past = JournalReader.past(
                kafka, config.run().topics(), step, offset, result -> done.put(result.step(), result));
        return new ReplayStart(checkpoint, past, done);
    }

    private Optional<LogGap> gap(MillraceConfig config, KafkaSettings kafka, LogIdentity log) {
        Optional<LogIdentity> then = checkpoint.map(known -> known.state().log());
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            LogGap.Log now = LogGap.Log.of(consumer, config.images().topic(), log);
            return LogGap.find(position(), then, past, now);
        }
    }

    /** Where in the stream the replay begins. */
    StreamPosition position() {
        return checkpoint.map(known -> known.state().position()).orElse(StreamPosition.START);
    }

    /** The step behind which it begins; 0 for the run's beginning. */
    long step() {
        return position().step();
    }
}
