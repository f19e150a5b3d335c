package org.millrace.trainer.rounds;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.TrainerEvents;
import org.millrace.trainer.Training;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.run.RunLock;
import org.millrace.trainer.run.RunSettings;
import org.millrace.trainer.stream.Rejects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process of a run of several trainers: it computes slots, and leads the run where no other process does. Any number may be started,
 * stopped and killed while the run goes on; on one engine the bits do not depend on it.
 *
 * <p>{@link #run} is called once, on the thread that made the trainer; {@link #stop} on any. The owner closes it.
 */
public final class RoundsTrainer implements Training {
    private static final Logger log = LoggerFactory.getLogger(RoundsTrainer.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration NONE = Duration.ZERO;
    private static final long LOOK_NANOS = 500_000_000;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final TrainerEvents events;
    private final Clock clock;
    private final LogIdentity imageLog;
    private final Torch torch;
    private final RunLock lock;
    private final Work work;
    private final Merging merging;
    private final SlotTrainer slots;
    private final Rounds rounds;
    private final Tail<SlotReady> ready;
    private final Map<Long, Set<Integer>> computed = new TreeMap<>(); // by anyone, of the rounds to come
    private final Map<Long, Set<Integer>> own = new TreeMap<>();
    private final SlotWaits waits = new SlotWaits();
    private volatile GlobalState state;
    private volatile boolean stopped;
    private volatile long deadlineNanos = System.nanoTime() + Long.MAX_VALUE / 2; // set before stopped
    private volatile @Nullable UserException failure;
    private Map<Integer, Long> begins = Map.of(); // of the log, at the start
    private boolean lastRoundEmpty;
    private boolean compared; // this process's settings with the run's
    private long lookedNanos;

    /** Joins the run, or begins it. The topic of images must exist. */
    public RoundsTrainer(MillraceConfig config, KafkaSettings kafka, TrainerEvents events, Clock clock) {
        this.config = config;
        this.kafka = kafka;
        this.events = events;
        this.clock = clock;
        RunSettings.requireSame(config, kafka);
        RunTopics topics = config.run().topics();
        try (var broker = new TopicSetup(kafka)) {
            this.imageLog = broker.identity(config.images().topic());
            broker.ensureRejected(config.images());
            broker.ensureRun(topics);
            broker.ensureRounds(topics, config.rounds().slots());
        }
        this.lock = RunLock.take(config);
        this.torch = SelfTest.forTraining(config);
        this.work = new Work(kafka, topics);
        this.merging = new Merging(config, kafka, work);
        this.slots = new SlotTrainer(config, kafka, torch, clock);
        this.rounds = new Rounds(kafka, topics.steps());
        this.ready = new Tail<>(kafka, topics.slots(), SlotReady.class);
        this.state =
                Globals.read(kafka, topics.globals()).newest().orElseGet(() -> SlotTrainer.beginning(config, torch));
        rounds.forgetBefore(state.round());
    }

    /**
     * Trains until a limit or {@link #stop}.
     *
     * @throws UserException where the run cannot go on; what its topics hold is whole
     */
    @Override
    public void run(TrainLimits limits) {
        Optional<Map<Integer, Long>> ends = limits.untilEnd() ? Optional.of(logNow()) : Optional.empty();
        rounds.catchUp();
        adoptMerged();
        events.starting(state.step(), 0);
        RunTopics topics = config.run().topics();
        try (var workers = new Membership(kafka, "millrace-" + topics.run() + "-workers", topics.slots());
                var leaders = new Membership(kafka, "millrace-" + topics.run() + "-conductor", topics.steps());
                var leading = new Leading(leaders, ends)) {
            while (!stopped && !limits.reached(state.step()) && !ended(ends)) {
                leading.check();
                Optional<RoundDealt> deal = rounds.deal(state.round());
                if (deal.isPresent()
                        && !compared) { // with those of the process that dealt, which may have begun at the same time
                    RunSettings.requireSame(config, kafka);
                    compared = true;
                }
                Optional<Integer> slot = deal.flatMap(dealt -> next(dealt, workers.mine()));
                if (slot.isPresent()) {
                    compute(deal.get(), slot.get());
                } else {
                    rounds.poll(POLL);
                }
                adoptMerged();
            }
            stopped = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (UserException e) {
            if (!isOverdue()) {
                throw e;
            }
            log.warn("{}", e.getMessage()); // the run itself loses nothing
        }
        UserException problem = failure;
        if (problem != null) {
            throw problem;
        }
    }

    /** Makes {@link #run} return; the slot that it computes now goes to another process, or is computed again. */
    @Override
    public void stop(Duration patience) {
        if (!stopped) {
            deadlineNanos = System.nanoTime() + patience.toNanos();
            stopped = true;
        }
    }

    // whether a stop was requested and the broker has been waited for long enough
    private boolean isOverdue() {
        return stopped && System.nanoTime() - deadlineNanos > 0;
    }

    @Override
    public void close() {
        rounds.close();
        ready.close();
        work.close();
        lock.close();
    }

    // the log's ends at the start
    private Map<Integer, Long> logNow() {
        try (var images = new ImageEnds(kafka, config.images().topic())) {
            begins = images.begins();
            return images.ends();
        }
    }

    // what is left makes no batch, by its number or because the last round found none in it
    private boolean ended(Optional<Map<Integer, Long>> ends) {
        if (ends.isEmpty() || lastRoundEmpty) {
            return ends.isPresent();
        }
        long left = state.supply().available(begins, ends.get());
        return left < config.trainer().batchSize() && rounds.deal(state.round()).isEmpty();
    }

    private void adoptMerged() {
        ready.poll(NONE, (record, slot) -> {
            if (slot.round() >= state.round()
                    && computed.computeIfAbsent(slot.round(), round -> new HashSet<>())
                            .add(slot.slot())) {
                rounds.deal(slot.round()).ifPresent(deal -> waits.add(slot.readyAtMillis() - deal.dealtAtMillis()));
            }
        });
        Optional<RoundMerged> merge = rounds.merge(state.round());
        while (merge.isPresent()) {
            RoundDealt deal = rounds.deal(state.round())
                    .orElseThrow(() -> new UserException("the journal "
                            + config.run().topics().steps()
                            + " merges round " + state.round() + ", which it never dealt. Start a new run with another"
                            + " run.name."));
            state = merging.after(state, deal, merge.get());
            lastRoundEmpty = merge.get().images() == 0;
            rounds.forgetBefore(state.round());
            computed.keySet().removeIf(round -> round < state.round());
            own.keySet().removeIf(round -> round < state.round());
            merge = rounds.merge(state.round());
        }
    }

    // a slot of this process; or one that is late, which another process may be computing
    private Optional<Integer> next(RoundDealt deal, Set<Integer> mine) {
        Set<Integer> done = computed.getOrDefault(deal.round(), Set.of());
        List<Integer> open = new ArrayList<>();
        for (int slot = 0; slot < deal.slots().size(); slot++) {
            boolean dealt = !deal.slots().get(slot).isEmpty();
            if (dealt
                    && !done.contains(slot)
                    && !own.getOrDefault(deal.round(), Set.of()).contains(slot)) {
                open.add(slot);
            }
        }
        Optional<Integer> first = open.stream().filter(mine::contains).findFirst();
        if (first.isPresent() || open.isEmpty() || !waits.isLate(clock.millis() - deal.dealtAtMillis())) {
            return first;
        }
        int turn = Math.floorMod(System.identityHashCode(this), open.size()); // idle processes take different ones
        log.info("slot {} of round {} is late: computing it here too", open.get(turn), deal.round());
        return Optional.of(open.get(turn));
    }

    private void compute(RoundDealt deal, int slot) throws InterruptedException {
        GlobalState before = state;
        long began = System.nanoTime();
        var rejects = new Rejects(records -> records.forEach(work::report), config.images());
        Optional<byte[]> file = slots.compute(
                before, deal, slot, isUseless(deal.round()), new SlotTrainer.Listeners(events::stepped, rejects::send));
        if (file.isEmpty()) {
            return;
        }
        double took = (System.nanoTime() - began) / 1e9;
        String base = before.digest();
        work.send(
                slot,
                file.get(),
                this::isOverdue,
                (from, to, name, sha256, bits) -> new SlotReady(
                        SlotReady.SCHEMA,
                        deal.round(),
                        slot,
                        base,
                        from,
                        to,
                        name,
                        sha256,
                        bits,
                        RunWriter.thisProcess(),
                        torch.description(),
                        took,
                        clock.millis()));
        own.computeIfAbsent(deal.round(), round -> new HashSet<>()).add(slot);
    }

    // stopped, or the round has been merged meanwhile with what another process computed
    private BooleanSupplier isUseless(long round) {
        return () -> {
            if (!stopped && System.nanoTime() - lookedNanos > LOOK_NANOS) {
                lookedNanos = System.nanoTime();
                rounds.poll(NONE);
            }
            return stopped || rounds.merge(round).isPresent();
        };
    }

    private RunStarted start() {
        return new RunStarted(
                JournalEvent.SCHEMA,
                state.step(),
                UUID.randomUUID().toString(),
                RunWriter.thisProcess(),
                torch.description(),
                imageLog,
                ConfigLoader.effective(config),
                clock.millis());
    }

    /** The thread that leads the run while the group of conductors has chosen this process. */
    private final class Leading implements AutoCloseable {
        private static final long LOOK_MILLIS = 100;
        private static final long SECOND = 1_000;

        private final Membership leaders;
        private final Optional<Map<Integer, Long>> ends;
        private final Thread thread = new Thread(this::run, "millrace-conductor");

        Leading(Membership leaders, Optional<Map<Integer, Long>> ends) {
            this.leaders = leaders;
            this.ends = ends;
            thread.start();
        }

        void check() {
            UserException problem = failure;
            if (problem != null) {
                throw problem;
            }
        }

        private boolean isChosen() {
            return leaders.mine().contains(0);
        }

        private void run() {
            try {
                while (!stopped) {
                    if (isChosen()) {
                        lead();
                    } else {
                        Thread.sleep(LOOK_MILLIS);
                    }
                }
            } catch (InterruptedException | InterruptException e) {
                Thread.currentThread().interrupt();
            } catch (UserException e) {
                failure = e;
            } catch (RuntimeException | Error e) {
                failure = new UserException("the run can no longer be led: " + e, e);
            }
        }

        // a process that is no longer chosen has been shut out by its successor, which is as it should be
        private void lead() throws InterruptedException {
            try (var conductor = new Conductor(
                    config,
                    kafka,
                    torch,
                    work,
                    merging,
                    imageLog,
                    start(),
                    state,
                    RoundsTrainer.this::isOverdue,
                    clock)) {
                conductor.lead(ends, () -> stopped || !isChosen(), listener());
                if (stopped && isChosen()) {
                    conductor.finish(listener());
                }
            } catch (UserException e) {
                Thread.sleep(SECOND);
                if (isChosen() && !stopped) {
                    throw e;
                }
                log.debug("another process leads now", e);
            }
        }

        private Conductor.Listener listener() {
            return new Conductor.Listener() {
                @Override
                public void waitingForImages(long have, long wanted) {
                    events.waitingForRound(have, wanted);
                }

                @Override
                public void merged(RoundMerged merge) {
                    log.debug("round {} is merged", merge.round());
                }

                @Override
                public void published(long version) {
                    events.published(version);
                }

                @Override
                public void durable(long step) {
                    events.checkpointed(step);
                }
            };
        }

        // what waits for a broker that does not answer is interrupted in the end
        @Override
        public void close() {
            stopped = true;
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join(LOOK_MILLIS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
                if (isOverdue()) {
                    thread.interrupt();
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
