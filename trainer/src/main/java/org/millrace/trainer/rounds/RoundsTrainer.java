package org.millrace.trainer.rounds;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.millrace.contract.RunTopics;
import org.millrace.contract.SlotWaits;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.Opened;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.TrainerEvents;
import org.millrace.trainer.Training;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.run.RunLock;
import org.millrace.trainer.run.RunSettings;
import org.millrace.trainer.run.RunTeacher;
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
    private final RoundMoment.Listener moments;
    private final LogIdentity imageLog;
    private final Torch torch;
    private final Opened opened = new Opened();
    private final Work work;
    private final Merging merging;
    private final SlotComputation slots;
    private final Rounds rounds;
    private final Notices notices;
    private final SlotWaits waits = new SlotWaits();
    private volatile GlobalState state;
    private volatile boolean stopped;
    private volatile long deadlineNanos = System.nanoTime() + Long.MAX_VALUE / 2; // set before stopped
    private Map<Integer, Long> begins = Map.of(); // of the log, at the start
    private boolean lastRoundEmpty;
    private boolean compared; // this process's settings with the run's
    private long lookedNanos = System.nanoTime();

    /** Joins the run, or begins it. The topic of images must exist. */
    public RoundsTrainer(MillraceConfig config, KafkaSettings kafka, TrainerEvents events, Clock clock) {
        this(
                config,
                kafka,
                events,
                clock,
                RoundMoment.Listener.NONE,
                torch -> new SlotTrainer(config, kafka, torch, clock));
    }

    /** @param slots what computes them */
    RoundsTrainer(
            MillraceConfig config,
            KafkaSettings kafka,
            TrainerEvents events,
            Clock clock,
            RoundMoment.Listener moments,
            Function<Torch, SlotComputation> slots) {
        this.config = config;
        this.kafka = kafka;
        this.events = events;
        this.clock = clock;
        this.moments = moments;
        RunSettings.requireFiles(config, RunSettings.requireSame(config, kafka));
        new RunTeacher(config, kafka).require();
        RunTopics topics = config.run().topics();
        try (var broker = new TopicSetup(kafka)) {
            this.imageLog = broker.identity(config.images().topic());
            broker.ensureRejected(config.images());
            broker.ensureRun(topics);
            broker.ensureRounds(topics, config.rounds().slots());
        }
        try {
            opened.add(RunLock.take(config));
            this.torch = SelfTest.forTraining(config);
            this.work = opened.add(new Work(kafka, topics));
            this.merging = new Merging(config, kafka, work);
            this.slots = slots.apply(torch);
            this.rounds = opened.add(new Rounds(kafka, topics.steps()));
            rounds.catchUp();
            this.state = Globals.read(kafka, topics.globals(), rounds)
                    .newest()
                    .orElseGet(() -> SlotTrainer.beginning(config, torch));
            this.notices = opened.add(new Notices(kafka, topics, config.rounds().slots(), state));
            rounds.forgetBefore(state.round());
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /**
     * Trains until a limit or {@link #stop}.
     *
     * @throws UserException where the run cannot go on; what its topics hold is whole
     */
    @Override
    public void run(TrainLimits limits) {
        Optional<Map<Integer, Long>> ends = limits.untilEnd() ? Optional.of(logNow()) : Optional.empty();
        adoptMerged();
        events.starting(state.step(), 0);
        RunTopics topics = config.run().topics();
        try (var workers = new Membership(kafka, RoundsGroups.workers(topics), topics.slots());
                var leaders = new Membership(kafka, RoundsGroups.conductor(topics), topics.steps());
                var leading = new Leading(leaders, this::conductor, ends, () -> stopped, this::isOverdue)) {
            while (!stopped && !limits.reached(state.step()) && !ended(ends)) {
                leading.check();
                Optional<RoundDealt> deal = rounds.deal(state.round());
                deal.ifPresent(dealt -> notices.grow(dealt.slots().size()));
                // with those of the process that dealt, which may have begun at the same time
                if (deal.isPresent() && !compared) {
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
            leading.end();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (UserException e) {
            if (!isOverdue()) {
                throw e;
            }
            log.warn("{}", e.getMessage()); // the run itself loses nothing
        }
    }

    /** Makes {@link #run} return; the slot that it computes now goes to another process, or is computed again. */
    @Override
    public synchronized void stop(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        if (deadline - deadlineNanos < 0) {
            deadlineNanos = deadline;
        }
        stopped = true;
    }

    // whether a stop was requested and the broker has been waited for long enough
    private boolean isOverdue() {
        return stopped && System.nanoTime() - deadlineNanos > 0;
    }

    @Override
    public void close() {
        opened.close();
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
        notices.poll(NONE, this::learnWait);
        Optional<RoundMerged> merge = rounds.merge(state.round());
        while (merge.isPresent()) {
            state = merging.after(state, merge.get(), rounds);
            lastRoundEmpty = merge.get().images() == 0;
            rounds.forgetBefore(state.round());
            notices.next(state, merge.get());
            events.roundMerged(merge.get());
            moments.at(RoundMoment.ADOPTED, merge.get().round());
            merge = rounds.merge(state.round());
        }
    }

    private void learnWait(SlotReady notice) {
        if (notices.beginsRight(notice)) {
            rounds.deal(notice.round()).ifPresent(deal -> waits.add(notice.readyAtMillis() - deal.dealtAtMillis()));
        }
    }

    // a slot of this process; or one that is late, which another process may be computing
    private Optional<Integer> next(RoundDealt deal, Set<Integer> mine) {
        List<Integer> open = deal.dealtSlots().stream()
                .filter(slot -> notices.of(slot).isEmpty())
                .toList();
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
                before,
                deal,
                slot,
                isUseless(deal.round(), slot),
                new SlotTrainer.Listeners(events::stepped, rejects::send));
        if (file.isEmpty()) {
            return;
        }
        moments.at(RoundMoment.COMPUTED, deal.round());
        double took = (System.nanoTime() - began) / 1e9;
        SlotReady notice = work.send(slot, file.get(), this::isOverdue, (from, to, name, sha256, bits) -> {
            moments.at(RoundMoment.SENT, deal.round());
            return new SlotReady(
                    SlotReady.SCHEMA,
                    deal.round(),
                    slot,
                    notices.base(),
                    from,
                    to,
                    name,
                    sha256,
                    bits,
                    RunWriter.thisProcess(),
                    torch.description(),
                    took,
                    clock.millis(),
                    Optional.empty());
        });
        moments.at(RoundMoment.ANNOUNCED, deal.round());
        notices.add(notice);
        events.slotComputed(deal.round(), slot);
        learnWait(notice);
    }

    // stopped, or another process has computed the slot meanwhile, or the round is merged
    private BooleanSupplier isUseless(long round, int slot) {
        return () -> {
            if (!stopped && System.nanoTime() - lookedNanos > LOOK_NANOS) {
                lookedNanos = System.nanoTime();
                rounds.poll(NONE);
                notices.poll(NONE, this::learnWait);
            }
            return stopped
                    || rounds.merge(round).isPresent()
                    || !notices.of(slot).isEmpty();
        };
    }

    private Conductor conductor() {
        RunStarted start = RunSettings.started(config, state.step(), torch.description(), imageLog, clock);
        return new Conductor(
                config, kafka, torch, work, merging, imageLog, start, state, this::isOverdue, events, clock, moments);
    }
}
