package org.millrace.trainer.run;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.SettingChanges;
import org.millrace.contract.config.SettingChanges.Change;
import org.millrace.contract.config.TrainerConfig.Method;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.TeacherFile;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.journal.RunWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The settings that a run was begun with, by its journal and its checkpoints, against those that it is to go on with. */
public final class RunSettings {
    private static final Logger log = LoggerFactory.getLogger(RunSettings.class);

    private RunSettings() {}

    /** The configuration of the run's start, by its journal; empty where it has none. */
    public static Optional<Map<String, String>> ofStart(KafkaSettings kafka, RunTopics topics) {
        return JournalReader.beginning(kafka, topics)
                .map(JournalReader.Beginning::start)
                .map(RunStarted::configuration);
    }

    /**
     * Throws where the run's journal, or its newest checkpoint, says that it cannot go on with that configuration. Only reads, and needs no
     * checkpoint to be whole: to be called before anything of the run is opened.
     *
     * @return whether the run is new: no step is planned and there is no checkpoint
     */
    public static boolean requireSame(MillraceConfig config, KafkaSettings kafka) {
        RunTopics topics = config.run().topics();
        Optional<JournalReader.Beginning> beginning =
                JournalReader.beginning(kafka, topics).filter(JournalReader.Beginning::planned);
        beginning.ifPresent(begun -> require(
                changes(begun.start().configuration(), config),
                "run " + topics.run() + " was started with other settings (its journal " + topics.steps()
                        + " has them) and"));
        Optional<RunState> newest = RunFolders.checkpoints(config).newestState();
        newest.ifPresent(state -> require(state, config));
        return beginning.isEmpty() && newest.isEmpty();
    }

    /**
     * Throws where a file that the configuration names cannot be used: the teacher of a run that distils, and the weights that a new run
     * begins with.
     *
     * @param isNew as {@link #requireSame} says
     */
    public static void requireFiles(MillraceConfig config, boolean isNew) {
        if (config.trainer().objective() == Method.DISTILL) {
            TeacherFile.require(config.distill().teacher(), config.encoder());
        }
        if (isNew) {
            InitialWeights.require(config.encoder());
        }
    }

    /**
     * What the journal says of a session of a trainer with that configuration.
     *
     * @param step behind which it goes on
     * @param engine that computes it
     */
    public static RunStarted started(
            MillraceConfig config, long step, String engine, LogIdentity imageLog, Clock clock) {
        return new RunStarted(
                JournalEvent.SCHEMA,
                step,
                UUID.randomUUID().toString(),
                RunWriter.thisProcess(),
                engine,
                imageLog,
                ConfigLoader.effective(config),
                clock.millis());
    }

    /** Throws where a run in that state cannot go on with that configuration, and logs what else is different. */
    public static void compare(RunState state, MillraceConfig config) {
        require(state, config).others().forEach(change -> log.info("changed since step {}: {}", state.step(), change));
    }

    private static SettingChanges require(RunState state, MillraceConfig config) {
        return require(
                changes(state.configuration(), config), "run " + state.run() + " is at step " + state.step() + " and");
    }

    private static SettingChanges require(SettingChanges changes, String run) {
        if (!changes.structural().isEmpty()) {
            List<String> refused =
                    changes.structural().stream().map(Change::toString).toList();
            throw new UserException(run + " cannot continue with these:\n  " + String.join("\n  ", refused)
                    + "\nSet them back, or start a new run with another run.name.");
        }
        return changes;
    }

    private static SettingChanges changes(Map<String, String> then, MillraceConfig config) {
        return SettingChanges.between(then, ConfigLoader.effective(config));
    }
}
