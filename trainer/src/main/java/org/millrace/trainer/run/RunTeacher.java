package org.millrace.trainer.run;

import java.util.List;
import java.util.Optional;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.GuardTeacher;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.AmdimNetwork;
import org.millrace.encoder.network.Backbone;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.guard.Guard;

/**
 * The teacher of a run's guard, where the run's present encoder is not it: from the checkpoint that the run goes on from, or where that has
 * none of this name, from the topic of encoders.
 */
public final class RunTeacher {
    private static final String KEY = "guard.teacher";

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private Optional<Safetensors> fetched = Optional.empty();

    /** For a run that is about to be opened: {@link #require}. */
    public RunTeacher(MillraceConfig config, KafkaSettings kafka) {
        this.config = config;
        this.kafka = kafka;
    }

    /**
     * Reads a pinned teacher from the topic, unless the newest checkpoint has it: to be called before anything of the run is opened.
     *
     * @throws UserException where the pinned encoder is missing, revoked, or another network's
     */
    public RunTeacher require() {
        if (config.guard().named() instanceof GuardTeacher.Pinned pinned
                && RunFolders.checkpoints(config)
                        .newestState()
                        .filter(this::hasIt)
                        .isEmpty()) {
            fetched = Optional.of(fetch(pinned));
        }
        return this;
    }

    private boolean hasIt(RunState state) {
        return CheckpointFolder.hasTeacher(state)
                && config.guard().teacher().equals(state.configuration().get(KEY));
    }

    /**
     * For a run that goes on from that checkpoint, or begins; empty where the teacher is the encoder with which it does, or there is no guard.
     * A run without a checkpoint, and a branch at its beginning, begin with what {@code initial} names.
     */
    public Optional<Safetensors> of(Optional<Checkpoint> checkpoint) {
        Optional<Safetensors> kept =
                checkpoint.flatMap(Checkpoint::teacher).filter(file -> Guard.isNamed(file, config));
        if (kept.isPresent()) {
            return kept;
        }
        boolean begins = checkpoint.map(known -> known.state().journalOffset()).orElse(0L) == 0;
        return ofTopic(begins);
    }

    /**
     * The same for a run that keeps no checkpoints.
     *
     * @param begins whether it is at its beginning
     */
    public Optional<Safetensors> ofTopic(boolean begins) {
        GuardTeacher named = config.guard().named();
        if (named instanceof GuardTeacher.Pinned pinned) {
            return Optional.of(fetched.orElseGet(() -> fetch(pinned)));
        }
        boolean first = named instanceof GuardTeacher.Initial && !begins;
        return first ? Optional.of(fetch(new GuardTeacher.Pinned(Optional.empty(), 0))) : Optional.empty();
    }

    private Safetensors fetch(GuardTeacher.Pinned pinned) {
        RunTopics topics = pinned.run().map(RunTopics::new).orElse(config.run().topics());
        try {
            PublishedEncoder found = PublishedEncoders.find(kafka, topics, pinned.version());
            Safetensors file = Safetensors.parse(found.safetensors());
            requireFit(found, file);
            return file;
        } catch (UserException | IllegalArgumentException e) {
            throw new UserException(
                    KEY + "=" + config.guard().teacher() + " cannot be used: " + e.getMessage()
                            + "\nName another published encoder (millrace encoders list), or set guard.teacher=none. Nothing was"
                            + " changed.",
                    e);
        }
    }

    private void requireFit(PublishedEncoder found, Safetensors file) {
        List<String> misfits = Backbone.of(config.encoder())
                .layout()
                .misfits(file, name -> name.startsWith(AmdimNetwork.MATCHING_HEAD));
        if (!misfits.isEmpty()) {
            throw new UserException("encoder " + found.version() + " of run "
                    + found.manifest().run() + " is another network than this run's: " + misfits.get(0));
        }
        file.wrongValue().ifPresent(wrong -> {
            throw new UserException("encoder " + found.version() + ": " + wrong);
        });
        var theirs = found.manifest().encoder();
        var ours = config.encoder();
        if (!theirs.mean().equals(ours.mean()) || !theirs.standardDeviation().equals(ours.standardDeviation())) {
            throw new UserException("encoder " + found.version() + " of run "
                    + found.manifest().run() + " sees images normalised with encoder.mean=" + theirs.mean()
                    + " and encoder.standard-deviation=" + theirs.standardDeviation() + ", this run's with "
                    + ours.mean()
                    + " and " + ours.standardDeviation() + ": set these keys to its own");
        }
    }
}
