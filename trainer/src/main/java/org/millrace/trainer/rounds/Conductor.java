package org.millrace.trainer.rounds;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.Opened;
import org.millrace.trainer.TrainerEvents;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.run.RunSignals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leads a run from one round to the next: deals, waits for the contributions, merges. One process at a time does so; a successor goes on
 * from what the journal holds. Used by one thread; the owner closes it.
 */
final class Conductor implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Conductor.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final long WAIT_MILLIS = 500; // for images
    private static final double SPARE = 0.02; // of a slot's offsets, for images that do not decode

    private final MillraceConfig config;
    private final Merging merging;
    private final Work work;
    private final LogIdentity imageLog;
    private final TrainerEvents events;
    private final Clock clock;
    private final RoundMoment.Listener moments;
    private final BooleanSupplier enough;
    private final RunStarted start;
    private final Opened opened = new Opened();
    private final RunWriter writer;
    private final Rounds rounds;
    private final Notices notices;
    private final RunSignals signals;
    private final ImageEnds images;
    private final Results results;
    private final SlotTopics slotTopics;
    private GlobalState state;

    /**
     * Takes the run over from the process that led it before.
     *
     * @param start what the journal says of this
     * @param state of any earlier round
     * @param enough whether a broker that does not answer has been waited for long enough
     */
    Conductor(
            MillraceConfig config,
            KafkaSettings kafka,
            Torch torch,
            Work work,
            Merging merging,
            LogIdentity imageLog,
            RunStarted start,
            GlobalState state,
            BooleanSupplier enough,
            TrainerEvents events,
            Clock clock,
            RoundMoment.Listener moments) {
        this.config = config;
        this.merging = merging;
        this.work = work;
        this.imageLog = imageLog;
        this.start = start;
        this.state = state;
        this.enough = enough;
        this.events = events;
        this.clock = clock;
        this.moments = moments;
        var topics = config.run().topics();
        this.slotTopics = new SlotTopics(kafka, topics, config.rounds().slots());
        try {
            this.writer =
                    opened.add(RunWriter.open(kafka, topics, config.images().maxRecordBytes(), start));
            this.rounds = opened.add(new Rounds(kafka, topics.steps()));
            this.notices = opened.add(new Notices(kafka, topics, config.rounds().slots(), state));
            this.images = opened.add(new ImageEnds(kafka, config.images().topic()));
            this.signals = opened.add(RunSignals.open(config, kafka));
            rounds.catchUp();
            this.results = new Results(config, kafka, torch, rounds, writer, work, enough, events, clock);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /**
     * Leads until {@code stopped}.
     *
     * @param untilEnd offsets up to which everything is to be dealt even where it makes no whole round; empty for an endless stream
     * @throws UserException where another process leads now, or the broker refuses
     */
    void lead(Optional<Map<Integer, Long>> untilEnd, BooleanSupplier stopped) throws InterruptedException {
        rounds.catchUpTo(start, stopped);
        if (stopped.getAsBoolean()) {
            return;
        }
        while (rounds.merge(state.round()).isPresent()) {
            adopt();
        }
        notices.catchUp();
        results.takeOver(state);
        while (!stopped.getAsBoolean()) {
            writer.check();
            Optional<RoundDealt> deal = rounds.deal(state.round());
            deal.ifPresent(dealt -> notices.grow(dealt.slots().size()));
            if (deal.isEmpty()) {
                notices.poll(Duration.ZERO, this::warnOfOtherState); // may want other slots
                deal(untilEnd);
            } else if (isWhole(deal.get())) {
                merge(deal.get());
            } else {
                notices.poll(POLL, this::warnOfOtherState);
            }
        }
    }

    /** Leaves the newest state and encoder behind, durable. */
    void finish() throws InterruptedException {
        results.finish(state);
    }

    private void adopt() {
        RoundMerged merge = rounds.merge(state.round()).orElseThrow();
        move(merging.after(state, merge, rounds), merge);
    }

    private void move(GlobalState next, RoundMerged merge) {
        results.used(merge);
        state = next;
        rounds.forgetBefore(state.round());
        notices.next(state, merge);
    }

    // a round where the stream has enough for one; with its end in sight what it has
    private void deal(Optional<Map<Integer, Long>> untilEnd) throws InterruptedException {
        int batch = config.trainer().batchSize();
        int slots = slotTopics.roomFor(notices.slots());
        long each = Math.round((1 + SPARE) * config.rounds().steps() * batch) + batch;
        Map<Integer, Long> begins = images.begins();
        Map<Integer, Long> now = images.ends();
        long available = state.supply().available(begins, now);
        if (available >= each * slots) {
            append(state.supply().deal(slots, each, begins, now), slots);
            return;
        }
        Optional<Long> last = untilEnd.map(wanted -> state.supply().available(begins, wanted));
        if (last.isPresent() && last.get() >= batch) {
            int needed = (int) Math.min(slots, last.get() / batch);
            append(state.supply().deal(needed, each, begins, untilEnd.get()), slots);
            return;
        }
        events.waitingForRound(available, each * slots);
        Thread.sleep(WAIT_MILLIS);
    }

    private void append(List<List<OffsetRange>> hands, int count) throws InterruptedException {
        List<List<OffsetRange>> slots = new ArrayList<>(hands);
        while (slots.size() < count) {
            slots.add(List.of()); // these sit out
        }
        var deal = new RoundDealt(
                JournalEvent.SCHEMA, state.round(), state.step(), slots, imageLog, signals.now(), clock.millis());
        Durable.await(writer.append(deal), enough, "the deal of round " + deal.round());
        moments.at(RoundMoment.DEALT, deal.round());
        rounds.add(deal);
    }

    private boolean isWhole(RoundDealt deal) {
        return deal.dealtSlots().stream().noneMatch(slot -> notices.of(slot).isEmpty());
    }

    private void warnOfOtherState(SlotReady notice) {
        if (notice.round() == state.round() && !notices.beginsRight(notice)) {
            warn(notice, "it began with another state");
        }
    }

    private static void warn(SlotReady notice, String why) {
        log.warn(
                "the contribution of {} to slot {} of round {} is not used: {}",
                notice.worker(),
                notice.slot(),
                notice.round(),
                why);
    }

    private void merge(RoundDealt deal) throws InterruptedException {
        List<Contribution> slots = new ArrayList<>();
        List<RoundMerged.Slot> named = new ArrayList<>();
        for (int slot : deal.dealtSlots()) {
            Optional<Contribution> contribution = take(slot, named);
            if (contribution.isEmpty()) {
                return; // it is computed again
            }
            slots.add(contribution.get());
        }
        long end = new SlotNumbers(
                        deal.step(), deal.slots().size(), 0, config.rounds().steps())
                .end();
        var draft = new RoundMerged(JournalEvent.SCHEMA, deal.round(), end, named, "", 0, 0, clock.millis());
        Fold.Merged merged = merging.merged(state, deal, draft, slots);
        var merge = new RoundMerged(
                JournalEvent.SCHEMA,
                deal.round(),
                end,
                named,
                merged.state().digest(),
                merged.change(),
                merged.moved(),
                clock.millis());
        List<JournalEvent> records = new ArrayList<>(Contribution.steps(state, slots));
        records.add(merge);
        Durable.await(writer.append(records), enough, "the merge of round " + deal.round());
        moments.at(RoundMoment.MERGED, deal.round());
        GlobalState before = state;
        move(merged.state(), merge);
        log.debug("round {} is merged", merge.round());
        results.merged(before, state);
    }

    // the first contribution to a slot that can be used; those before it are refused, and their slot is computed again
    private Optional<Contribution> take(int slot, List<RoundMerged.Slot> named) throws InterruptedException {
        List<SlotReady> candidates = notices.of(slot);
        warnOfDifferentBits(candidates);
        for (SlotReady candidate : candidates) {
            Optional<Contribution> read = merging.contribution(
                    state, slot, candidate.from(), candidate.to(), candidate.name(), candidate.sha256());
            if (read.isPresent()) {
                named.add(named(candidate, read.get().account()));
                return read;
            }
            String why = "its records are gone or changed";
            warn(candidate, why);
            work.refuse(candidate, why, enough);
            notices.refuse(candidate);
        }
        return Optional.empty();
    }

    private static RoundMerged.Slot named(SlotReady ready, Contribution.Account account) {
        return new RoundMerged.Slot(
                ready.slot(),
                ready.from(),
                ready.to(),
                ready.name(),
                ready.sha256(),
                ready.bits(),
                account.images(),
                account.rejected(),
                account.left(),
                ready.engine());
    }

    // the same slot, state and engine: the bits must be the same too
    private static void warnOfDifferentBits(List<SlotReady> candidates) {
        SlotReady first = candidates.get(0);
        for (SlotReady other : candidates) {
            if (first.engine().equals(other.engine()) && !first.bits().equals(other.bits())) {
                log.error(
                        "slot {} of round {} has other bits from {} than from {}, on the same engine ({}): one of the two computes wrongly,"
                                + " or an image changed between the two. The first counts.",
                        other.slot(),
                        other.round(),
                        other.worker(),
                        first.worker(),
                        first.engine());
            }
        }
    }

    @Override
    public void close() {
        opened.close();
    }
}
