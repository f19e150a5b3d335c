package org.millrace.trainer.rounds;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.kafka.KafkaSettings;

/** Brings a state over a merged round, from the contributions that the merge names. Thread safe. */
final class Merging {
    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Work work;
    private final Fold fold;
    private @Nullable GlobalState newest; // that was made here last

    Merging(MillraceConfig config, KafkaSettings kafka, Work work) {
        this.config = config;
        this.kafka = kafka;
        this.work = work;
        this.fold = new Fold(config.rounds(), config.moco().queueSize());
    }

    /**
     * A slot's contribution to the round after a state; empty where its records are gone or are no contribution.
     *
     * @param from offset of its first record
     * @param to offset behind its last
     */
    Optional<Contribution> contribution(GlobalState before, int slot, long from, long to, String name, String sha256) {
        try {
            return work.read(slot, from, to, name, sha256)
                    .map(file ->
                            Contribution.parse(file, before, config.rounds().precision()))
                    .filter(read -> read.account().round() == before.round()
                            && read.account().slot() == slot);
        } catch (IllegalArgumentException | UncheckedIOException e) {
            return Optional.empty();
        }
    }

    /** Merges contributions that are at hand, ascending. */
    Fold.Merged merged(GlobalState before, RoundDealt deal, RoundMerged merge, List<Contribution> slots) {
        Fold.Merged merged = fold.merged(before, deal, merge, slots);
        keep(merged.state());
        return merged;
    }

    /**
     * The state after a round of the journal; where its contributions are gone, the newest merged state on the topic, which is a later one.
     *
     * @throws UserException where there is none, or where the merge comes to another state than the journal says
     */
    GlobalState after(GlobalState before, RoundMerged merge, Rounds journal) {
        Optional<GlobalState> after = made(merge.round() + 1).or(() -> fold(before, journal.dealOf(merge), merge));
        if (after.isEmpty()) {
            return later(merge, journal);
        }
        String digest = after.get().digest();
        if (!digest.equals(merge.digest())) {
            throw new UserException("the merge of round " + merge.round() + " gives the state " + digest
                    + ", but the journal " + config.run().topics().steps() + " has " + merge.digest()
                    + ": the versions of Millrace differ, or a record was changed. Use the version that writes the run; or start a new run"
                    + " with another run.name.");
        }
        keep(after.get());
        return after.get();
    }

    private Optional<GlobalState> fold(GlobalState before, RoundDealt deal, RoundMerged merge) {
        List<Contribution> slots = new ArrayList<>();
        for (RoundMerged.Slot slot : merge.slots()) {
            Optional<Contribution> found =
                    contribution(before, slot.slot(), slot.from(), slot.to(), slot.name(), slot.sha256());
            if (found.isEmpty()) {
                return Optional.empty();
            }
            slots.add(found.get());
        }
        return Optional.of(fold.merged(before, deal, merge, slots).state());
    }

    private GlobalState later(RoundMerged merge, Rounds journal) {
        String topic = config.run().topics().globals();
        journal.catchUp();
        return Globals.read(kafka, topic, journal)
                .newest()
                .filter(state -> state.round() > merge.round())
                .orElseThrow(() -> new UserException("a contribution to round " + merge.round() + " is gone from "
                        + config.run().topics().work() + ", and no later state is on " + topic
                        + ". Start a new run with another run.name."));
    }

    private synchronized Optional<GlobalState> made(long round) {
        return Optional.ofNullable(newest).filter(state -> state.round() == round);
    }

    private synchronized void keep(GlobalState state) {
        newest = state;
    }
}
