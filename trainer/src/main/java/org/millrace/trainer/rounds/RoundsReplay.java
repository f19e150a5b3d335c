package org.millrace.trainer.rounds;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.replay.Replay;

/**
 * A run of several trainers computed again from the deals in its journal and the image log, by one process: each slot's bits and each merged state
 * are compared with the journal's.
 */
public final class RoundsReplay implements Replay {
    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Torch torch;
    private final Map<Long, RoundDealt> deals = new HashMap<>();
    private final TreeMap<Long, RoundMerged> merges = new TreeMap<>();
    private final Map<Long, StepDone> done = new HashMap<>();
    private volatile boolean stopped;
    private long steps;
    private long losses;
    private long digests;

    /** @throws UserException where there is no such run */
    public RoundsReplay(MillraceConfig config, KafkaSettings kafka) {
        this.config = config;
        this.kafka = kafka;
        this.torch = SelfTest.forTraining(config);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            new JournalReader(consumer, config.run().topics()).forEach(0, (event, offset) -> {
                if (event instanceof RoundDealt deal) {
                    deals.putIfAbsent(deal.round(), deal);
                } else if (event instanceof RoundMerged merge) {
                    merges.putIfAbsent(merge.round(), merge);
                } else if (event instanceof StepDone step) {
                    done.put(step.step(), step);
                }
            });
        }
    }

    @Override
    public long startsAfter() {
        return 0;
    }

    @Override
    public long lastPlanned() {
        return merges.isEmpty() ? 0 : merges.lastEntry().getValue().step();
    }

    @Override
    public Result run(long lastStep, Listener listener) {
        if (lastStep > lastPlanned()) {
            throw new UserException("run " + config.run().name() + " can be computed again up to step " + lastPlanned()
                    + ", the end of its last merged round; step " + lastStep + " is not among these.");
        }
        GlobalState state = SlotTrainer.beginning(config, torch);
        var slots = new SlotTrainer(config, kafka, torch, Clock.systemUTC());
        var fold = new Fold(config.rounds(), config.moco().queueSize());
        Optional<String> difference = Optional.empty();
        while (!stopped && difference.isEmpty() && merges.containsKey(state.round()) && state.step() < lastStep) {
            RoundMerged merge = merges.get(state.round());
            RoundDealt deal = deals.get(state.round());
            if (merge == null || deal == null) {
                throw new UserException("the journal " + config.run().topics().steps() + " lacks the deal of round "
                        + state.round() + ": the run cannot be computed again.");
            }
            List<Contribution> computed = new ArrayList<>();
            for (RoundMerged.Slot slot : merge.slots()) {
                Optional<byte[]> file = compute(slots, state, deal, slot.slot(), listener);
                if (file.isEmpty()) {
                    return new Result(steps, losses, digests, Optional.empty());
                }
                Contribution contribution =
                        Contribution.parse(file.get(), state, config.rounds().precision());
                difference = compare(slot, merge.round(), Contribution.bits(file.get()), contribution);
                if (difference.isPresent()) {
                    return new Result(steps, losses, digests, difference);
                }
                computed.add(contribution);
            }
            state = fold.merged(state, deal, merge, computed).state();
            digests++;
            difference = Optional.of(state.digest())
                    .filter(digest -> !digest.equals(merge.digest()))
                    .map(digest -> "the state after round " + merge.round() + " had the digest " + merge.digest()
                            + " and has " + digest + " now");
        }
        return new Result(steps, losses, digests, difference);
    }

    private Optional<byte[]> compute(
            SlotTrainer slots, GlobalState state, RoundDealt deal, int slot, Listener listener) {
        try {
            return slots.compute(
                    state,
                    deal,
                    slot,
                    () -> stopped,
                    new SlotTrainer.Listeners(step -> listener.replayed(step.step()), rejection -> {}));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    // losses first, since they say which step it was
    private Optional<String> compare(RoundMerged.Slot then, long round, String bits, Contribution now) {
        for (StepDone step : now.account().steps()) {
            steps++;
            StepDone was = done.get(step.step());
            if (was != null) {
                losses++;
                if (Double.compare(was.loss(), step.loss()) != 0) {
                    return Optional.of("the loss of step " + step.step() + " (slot " + then.slot() + " of round "
                            + round
                            + ", computed on " + then.engine() + ") was " + was.loss() + " and is " + step.loss()
                            + " now");
                }
            }
        }
        digests++;
        return Optional.of(bits)
                .filter(found -> !found.equals(then.bits()))
                .map(found -> "slot " + then.slot() + " of round " + round + ", computed on " + then.engine()
                        + ", had the bits " + then.bits() + " and has " + found + " now");
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public void close() {
        // the slots close what they open
    }
}
