package org.millrace.trainer.rounds;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.run.EncoderPublisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leads a run from one round to the next: deals, waits for the contributions, merges, publishes. One process at a time does so; a successor
 * goes on from what the journal holds. Used by one thread; the owner closes it.
 */
final class Conductor implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Conductor.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final long WAIT_MILLIS = 500; // for images
    private static final int GLOBALS_EVERY = 20; // rounds
    private static final int GLOBALS_KEPT = 2;
    private static final double SPARE = 0.02; // of a slot's offsets, for images that do not decode

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Merging merging;
    private final Work work;
    private final LogIdentity imageLog;
    private final Clock clock;
    private final BooleanSupplier enough;
    private final RunWriter writer;
    private final EncoderPublisher publisher;
    private final Rounds rounds;
    private final Tail<SlotReady> ready;
    private final Map<Long, Map<Integer, List<SlotReady>>> contributions = new TreeMap<>();
    private final NavigableMap<Long, Globals.Manifest> durable;
    private final NavigableMap<Long, Map<Integer, Long>> workEnds = new TreeMap<>(); // by round, of each slot
    private final ImageEnds images;
    private final RunStarted start;
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
            Clock clock) {
        this.enough = enough;
        this.config = config;
        this.kafka = kafka;
        this.work = work;
        this.merging = merging;
        this.imageLog = imageLog;
        this.clock = clock;
        this.state = state;
        this.start = start;
        this.writer =
                RunWriter.open(kafka, config.run().topics(), config.images().maxRecordBytes(), start);
        this.rounds = new Rounds(kafka, config.run().topics().steps());
        this.ready = new Tail<>(kafka, config.run().topics().slots(), SlotReady.class);
        this.durable = Globals.read(kafka, config.run().topics().globals()).manifests();
        this.images = new ImageEnds(kafka, config.images().topic());
        this.publisher = EncoderPublisher.of(writer, config, torch, published(), clock);
    }

    /** What it waits for, for people. */
    interface Listener {
        void waitingForImages(long have, long wanted);

        void merged(RoundMerged merge);

        void published(long version);

        void durable(long step);
    }

    /**
     * Leads until {@code stopped}.
     *
     * @param untilEnd offsets up to which everything is to be dealt even where it makes no whole round; empty for an endless stream
     * @throws UserException where another process leads now, or the broker refuses
     */
    void lead(Optional<Map<Integer, Long>> untilEnd, BooleanSupplier stopped, Listener listener)
            throws InterruptedException {
        rounds.catchUpTo(start, stopped);
        if (stopped.getAsBoolean()) {
            return;
        }
        while (rounds.merge(state.round()).isPresent()) {
            adopt();
        }
        publishIfDue(listener);
        while (!stopped.getAsBoolean()) {
            writer.check();
            Optional<RoundDealt> deal = rounds.deal(state.round());
            if (deal.isEmpty()) {
                deal(untilEnd, listener);
            } else if (isWhole(deal.get())) {
                merge(deal.get(), listener);
            } else {
                ready.poll(POLL, (record, slot) -> note(slot));
            }
        }
    }

    /** Leaves the newest state and encoder behind, durable. */
    void finish(Listener listener) throws InterruptedException {
        if (state.round() > 0) {
            publish(listener);
            makeDurable(listener);
        }
        Durable.await(writer.allSoFar(), enough, "the last encoder");
        writer.awaitReadable(enough);
    }

    private void adopt() {
        long round = state.round();
        RoundMerged merge = rounds.merge(round).orElseThrow();
        RoundDealt deal = rounds.deal(round)
                .orElseThrow(() ->
                        new UserException("the journal " + config.run().topics().steps() + " merges round " + round
                                + ", which it never dealt. Start a new run with another run.name."));
        move(merging.after(state, deal, merge), merge);
    }

    private void move(GlobalState next, RoundMerged merge) {
        Map<Integer, Long> ofRound = new TreeMap<>();
        merge.slots().forEach(slot -> ofRound.put(slot.slot(), slot.to()));
        workEnds.put(merge.round(), ofRound);
        state = next;
        rounds.forgetBefore(state.round());
        contributions.keySet().removeIf(round -> round < state.round());
    }

    // a round where the stream has enough for one; with its end in sight what it has
    private void deal(Optional<Map<Integer, Long>> untilEnd, Listener listener) throws InterruptedException {
        int batch = config.trainer().batchSize();
        int slots = config.rounds().slots();
        long each = Math.round((1 + SPARE) * config.rounds().steps() * batch) + batch;
        Map<Integer, Long> begins = images.begins();
        Map<Integer, Long> now = images.ends();
        long available = state.supply().available(begins, now);
        if (available >= each * slots) {
            append(state.supply().deal(slots, each, begins, now));
            return;
        }
        Optional<Long> last = untilEnd.map(wanted -> state.supply().available(begins, wanted));
        if (last.isPresent() && last.get() >= batch) {
            int needed = (int) Math.min(slots, last.get() / batch);
            append(state.supply().deal(needed, each, begins, untilEnd.get()));
            return;
        }
        listener.waitingForImages(available, each * slots);
        Thread.sleep(WAIT_MILLIS);
    }

    private void append(List<List<OffsetRange>> hands) throws InterruptedException {
        List<List<OffsetRange>> slots = new ArrayList<>(hands);
        while (slots.size() < config.rounds().slots()) {
            slots.add(List.of()); // these sit out
        }
        var deal = new RoundDealt(JournalEvent.SCHEMA, state.round(), state.step(), slots, imageLog, clock.millis());
        Durable.await(writer.append(deal), enough, "the deal of round " + deal.round());
        rounds.add(deal);
    }

    private void note(SlotReady slot) {
        if (slot.round() >= state.round() && slot.slot() < config.rounds().slots()) {
            candidates(slot.round(), slot.slot()).add(slot);
        }
    }

    // contributions to a slot, in the order in which they came
    private List<SlotReady> candidates(long round, int slot) {
        return contributions
                .computeIfAbsent(round, any -> new TreeMap<>())
                .computeIfAbsent(slot, any -> new ArrayList<>());
    }

    private boolean isWhole(RoundDealt deal) {
        return dealtSlots(deal).stream()
                .noneMatch(slot -> candidates(deal.round(), slot).isEmpty());
    }

    private static SortedSet<Integer> dealtSlots(RoundDealt deal) {
        SortedSet<Integer> slots = new TreeSet<>();
        for (int slot = 0; slot < deal.slots().size(); slot++) {
            if (!deal.slots().get(slot).isEmpty()) {
                slots.add(slot);
            }
        }
        return slots;
    }

    private void merge(RoundDealt deal, Listener listener) throws InterruptedException {
        String base = state.digest();
        List<Contribution> slots = new ArrayList<>();
        List<RoundMerged.Slot> named = new ArrayList<>();
        for (int slot : dealtSlots(deal)) {
            List<SlotReady> candidates = candidates(deal.round(), slot);
            warnOfDifferentBits(candidates);
            boolean found = false;
            while (!found && !candidates.isEmpty()) {
                SlotReady candidate = candidates.get(0);
                Optional<Contribution> read = candidate.base().equals(base)
                        ? merging.contribution(
                                state, slot, candidate.from(), candidate.to(), candidate.name(), candidate.sha256())
                        : Optional.empty();
                if (read.isPresent()) {
                    slots.add(read.get());
                    named.add(named(candidate, read.get().account()));
                    found = true;
                } else {
                    log.warn(
                            "the contribution of {} to slot {} of round {} is not used: {}",
                            candidate.worker(),
                            slot,
                            deal.round(),
                            candidate.base().equals(base)
                                    ? "its records are gone or changed"
                                    : "it began with another state");
                    candidates.remove(0);
                }
            }
            if (!found) {
                return; // it is awaited again
            }
        }
        long end = new SlotNumbers(
                        deal.step(), config.rounds().slots(), 0, config.rounds().steps())
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
        List<JournalEvent> events = new ArrayList<>(steps(slots));
        events.add(merge);
        Durable.await(writer.append(events), enough, "the merge of round " + deal.round());
        GlobalState before = state;
        move(merged.state(), merge);
        listener.merged(merge);
        if (state.step() / config.trainer().publishEverySteps()
                > before.step() / config.trainer().publishEverySteps()) {
            publish(listener);
        }
        if (state.round() % GLOBALS_EVERY == 0) {
            makeDurable(listener);
        }
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
            if (first.engine().equals(other.engine())
                    && first.base().equals(other.base())
                    && !first.bits().equals(other.bits())) {
                log.error(
                        "slot {} of round {} came to other bits in {} than in {}, on the same engine ({}): one of the two computes wrongly,"
                                + " or an image changed between the two. The first counts.",
                        other.slot(),
                        other.round(),
                        other.worker(),
                        first.worker(),
                        first.engine());
            }
        }
    }

    // as those of one trainer: slot after slot, counts of the whole run
    private List<StepDone> steps(List<Contribution> slots) {
        List<StepDone> steps = new ArrayList<>();
        long trained = state.imagesTrained();
        long rejected = state.imagesRejected();
        for (Contribution slot : slots) {
            for (StepDone step : slot.account().steps()) {
                steps.add(step.after(trained, rejected));
            }
            trained += slot.account().images();
            rejected += slot.account().rejected();
        }
        return steps;
    }

    private void publishIfDue(Listener listener) {
        if (state.round() == 0) {
            publisher.publish(0, 0, encoder());
        } else if (state.step() - publisher.newest() >= config.trainer().publishEverySteps()) {
            publish(listener); // a predecessor died before it did
        }
    }

    private void publish(Listener listener) {
        if (state.step() > publisher.newest()) {
            publisher.publish(state.step(), state.imagesTrained(), encoder());
            listener.published(state.step());
        }
    }

    private Safetensors encoder() {
        return state.query().part(Objective.ENCODER);
    }

    // then nobody needs the contributions before the older of those that are kept
    private void makeDurable(Listener listener) throws InterruptedException {
        if (durable.containsKey(state.round())) {
            return;
        }
        String topic = config.run().topics().globals();
        var records = new ArrayList<>(Globals.records(topic, state));
        durable.put(state.round(), new Globals.Manifest(state.round(), records.size() - 1, ""));
        while (durable.size() > GLOBALS_KEPT) {
            records.addAll(Globals.removal(topic, durable.pollFirstEntry().getValue()));
        }
        writer.send(records);
        Durable.await(writer.allSoFar(), enough, "the state of round " + state.round());
        listener.durable(state.step());
        if (durable.size() == GLOBALS_KEPT) {
            deleteWorkBefore(durable.firstKey());
        }
    }

    private void deleteWorkBefore(long round) {
        Map<Integer, Long> useless = new TreeMap<>();
        workEnds.headMap(round).values().forEach(useless::putAll);
        workEnds.headMap(round).clear();
        if (!useless.isEmpty()) {
            work.deleteBefore(useless);
        }
    }

    private List<Long> published() {
        return PublishedEncoders.all(kafka, config.run().topics()).stream()
                .map(EncoderManifest::version)
                .filter(version -> version > 0)
                .sorted()
                .toList();
    }

    @Override
    public void close() {
        writer.close();
        rounds.close();
        ready.close();
        images.close();
    }
}
