package org.millrace.server.dashboard;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.SlotWaits;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.SlotsWanted;
import org.millrace.server.dashboard.SlotNotices.Notice;
import org.millrace.server.dashboard.Thinned.Tail;

/**
 * The rounds of a run of several trainers, folded from the journal and {@code <run>.slots}: the one under way and figures of those merged. As
 * for the trainers, a deal counts that is of the next round and a merge that is of the round under way; any other is forged. Bounded; not
 * thread safe.
 */
final class RoundsView {
    private static final int HISTORY = 200; // points
    private static final int KEPT = 200; // rounds with their slots
    private static final int RECENT = 50; // rounds that means are of
    private static final int RATE = 10; // rounds
    private static final int SLOTS_SHOWN = 64;

    private final SlotNotices notices = new SlotNotices();
    private final Thinned<RoundPoint> history = new Thinned<>(HISTORY, RoundPoint::with);
    private final List<MergedRound> kept = new ArrayList<>(); // oldest first
    private final Map<Integer, Long> trainedTo = new HashMap<>(); // by partition
    private long left; // offsets before these that came back
    private long largest; // offsets of a slot
    private int dealtSlots; // of the newest round; 0 before the first
    private int wantedSlots; // of those to come; 0 where nobody has asked for another number
    private long startedAtMillis = Long.MIN_VALUE; // of the newest leading process
    private long merged; // rounds; the number of the next one
    private long images; // trained in them
    private Optional<String> base = Optional.empty(); // digest of their state; unknown before the first
    private @Nullable RoundDealt deal; // of the round under way
    private Sections.@Nullable Rounds known; // until something changes
    private long reportedMillis; // by any process that works on it, as of that

    void add(RoundDealt dealt) {
        if (deal == null && dealt.round() == merged) {
            deal = dealt;
            dealtSlots = dealt.slots().size();
            dealt.slots().forEach(slot -> largest = Math.max(largest, length(slot)));
            known = null;
        }
    }

    void add(RoundMerged merge) {
        RoundDealt dealt = deal;
        if (dealt == null || merge.round() != merged) {
            return;
        }
        add(MergedRound.of(dealt, merge, images).with(notices));
        advance(dealt, merge);
        images += merge.images();
        base = Optional.of(merge.digest());
        merged++;
        deal = null;
        known = null;
    }

    /** A record of {@code <run>.slots}. */
    void add(SlotReady ready) {
        notices.add(ready);
        known = null;
    }

    /** Another record of {@code <run>.slots}; the newest counts. */
    void add(SlotsWanted wanted) {
        wantedSlots = wanted.slots();
        known = null;
    }

    /** A process has begun to lead the run. */
    void add(RunStarted started) {
        startedAtMillis = started.startedAtMillis();
        known = null;
    }

    /** Forgets everything: the topics are read from their beginnings again. */
    void clear() {
        notices.clear();
        history.clear();
        kept.clear();
        trainedTo.clear();
        left = 0;
        largest = 0;
        dealtSlots = 0;
        wantedSlots = 0;
        startedAtMillis = Long.MIN_VALUE;
        merged = 0;
        images = 0;
        base = Optional.empty();
        deal = null;
        known = null;
    }

    /** The offset after the last dealt and merged one of a partition; before it, {@link #left} are to be dealt again. */
    long trainedTo(int partition, long otherwise) {
        return trainedTo.getOrDefault(partition, otherwise);
    }

    long left() {
        return left;
    }

    /** Offsets of the next round, by the largest slot so far: with fewer the trainers wait. */
    long needed(int configuredSlots) {
        return largest * nextSlots(configuredSlots);
    }

    // a request older than the notices that are read shows in the deals since
    private int nextSlots(int configured) {
        int now = dealtSlots > 0 ? dealtSlots : configured;
        return wantedSlots > 0 ? wantedSlots : now;
    }

    /** Images per second over the last rounds; empty where the newest is older than three such rounds before {@code sinceMillis}. */
    OptionalDouble imagesPerSecond(long sinceMillis) {
        List<MergedRound> last = last(RATE);
        if (last.isEmpty()) {
            return OptionalDouble.empty();
        }
        MergedRound newest = last.get(last.size() - 1);
        double seconds = last.get(0).secondsAfterDeal(newest.mergedAtMillis());
        boolean old = newest.mergedAtMillis() + 3_000 * usualSeconds().orElse(0) < sinceMillis;
        return old || seconds <= 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(last.stream().mapToLong(MergedRound::images).sum() / seconds);
    }

    Optional<Tail<RoundPoint>> takeChanges() {
        return history.hasChanged() ? Optional.of(history.takeChanges()) : Optional.empty();
    }

    /** @param configuredSlots of a round, until one has been dealt or another number is wanted */
    Sections.Rounds section(int configuredSlots, long nowMillis) {
        Sections.Rounds section = section(configuredSlots);
        return new Silence(reportedMillis, section.lateSeconds()).mark(section, nowMillis);
    }

    private Sections.Rounds section(int configuredSlots) {
        Sections.Rounds section = known;
        if (section == null) {
            lookUpNotices();
            List<WorkersView.Ready> ready = deal == null ? List.of() : ready(deal);
            reportedMillis = ready.stream()
                    .mapToLong(one -> one.notice().readyAtMillis())
                    .reduce(startedAtMillis, Math::max);
            List<MergedRound> recent = last(RECENT);
            OptionalDouble waiting = recent.stream()
                    .flatMapToDouble(round -> round.waiting().stream())
                    .average();
            section = new Sections.Rounds(
                    dealtSlots > 0 ? dealtSlots : nextSlots(configuredSlots),
                    nextSlots(configuredSlots),
                    merged,
                    Optional.ofNullable(deal).map(this::underWay),
                    usualSeconds(),
                    lateSeconds(),
                    waiting,
                    last(1).stream().findFirst().map(RoundsView::merge),
                    new WorkersView(recent, ready, merged).section(),
                    Optional.empty());
            known = section;
        }
        return section;
    }

    private void add(MergedRound round) {
        kept.add(round);
        history.add(RoundPoint.of(round));
        if (kept.size() > KEPT) {
            kept.remove(0);
            notices.forgetBefore(kept.get(0).round());
        }
    }

    // those that have been read since the merge
    private void lookUpNotices() {
        kept.replaceAll(round -> {
            MergedRound now = round.isComplete() ? round : round.with(notices);
            if (!now.equals(round)) {
                history.replace(point -> point.rounds() == 1 && point.round() == now.round(), RoundPoint.of(now));
            }
            return now;
        });
    }

    private List<MergedRound> last(int rounds) {
        return kept.subList(Math.max(0, kept.size() - rounds), kept.size());
    }

    // what is dealt again lies before trainedTo, what is dealt first behind it
    private void advance(RoundDealt dealt, RoundMerged merge) {
        long first = 0;
        for (List<OffsetRange> slot : dealt.slots()) {
            for (OffsetRange range : slot) {
                long from = Math.max(range.from(), trainedTo.getOrDefault(range.partition(), range.from()));
                first += Math.max(0, range.to() - from);
                trainedTo.merge(range.partition(), range.to(), Math::max);
            }
        }
        long back = merge.slots().stream()
                .flatMap(slot -> slot.left().stream())
                .mapToLong(OffsetRange::length)
                .sum();
        left = Math.max(0, left - (dealt.length() - first) + back);
    }

    private OptionalDouble usualSeconds() {
        return MergedRound.median(
                last(RECENT).stream().map(MergedRound::seconds).toList());
    }

    private OptionalDouble lateSeconds() {
        SlotWaits waits = new SlotWaits();
        kept.forEach(round -> round.notices().stream()
                .sorted(Comparator.comparingLong(Notice::readyAtMillis))
                .forEach(notice -> waits.add(Math.round(1_000 * round.secondsAfterDeal(notice.readyAtMillis())))));
        return waits.lateAfterMillis().stream().map(millis -> millis / 1_000).findFirst();
    }

    private Sections.RoundUnderWay underWay(RoundDealt dealt) {
        List<Sections.Slot> slots = new ArrayList<>();
        for (int slot = 0; slot < dealt.slots().size(); slot++) {
            long offsets = length(dealt.slots().get(slot));
            if (offsets > 0) {
                Optional<Notice> notice = notices.first(slot, dealt.round(), base);
                slots.add(new Sections.Slot(
                        slot,
                        offsets,
                        notice.map(Notice::worker),
                        seconds(notice.map(Notice::seconds)),
                        seconds(notice.map(ready ->
                                Math.max(0, ((double) ready.readyAtMillis() - dealt.dealtAtMillis()) / 1_000)))));
            }
        }
        long ready = slots.stream().filter(slot -> slot.worker().isPresent()).count();
        List<Sections.Slot> shown = slots.stream()
                .sorted(Comparator.comparing(slot -> slot.worker().isPresent())) // those that are awaited first
                .limit(SLOTS_SHOWN)
                .sorted(Comparator.comparingInt(Sections.Slot::slot))
                .toList();
        return new Sections.RoundUnderWay(dealt.round(), dealt.dealtAtMillis(), slots.size(), (int) ready, shown);
    }

    // notices of the round under way, by slot; several of a slot that was late
    private List<WorkersView.Ready> ready(RoundDealt dealt) {
        List<WorkersView.Ready> found = new ArrayList<>();
        for (int slot = 0; slot < dealt.slots().size(); slot++) {
            int number = slot;
            notices.all(slot, dealt.round(), base).forEach(notice -> found.add(new WorkersView.Ready(number, notice)));
        }
        return found;
    }

    private static Sections.RoundMerge merge(MergedRound round) {
        Optional<MergedRound.Part> slowest = round.slowest();
        return new Sections.RoundMerge(
                round.round(),
                round.seconds(),
                round.medianSeconds(),
                seconds(slowest.flatMap(MergedRound.Part::notice).map(Notice::seconds)),
                slowest.map(MergedRound.Part::slot),
                round.workers(),
                round.waiting(),
                round.change(),
                round.moved());
    }

    private static long length(List<OffsetRange> ranges) {
        return ranges.stream().mapToLong(OffsetRange::length).sum();
    }

    private static OptionalDouble seconds(Optional<Double> value) {
        return value.map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }
}
