package org.millrace.server.dashboard;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.server.dashboard.SlotNotices.Notice;

/**
 * A merged round and its slots.
 *
 * @param images trained in it
 * @param imagesSoFar trained up to and including it
 * @param change norm of the slots' mean change of the weights
 * @param moved norm of what the outer step did to them
 */
record MergedRound(
        long round,
        long dealtAtMillis,
        long mergedAtMillis,
        long images,
        long imagesSoFar,
        OptionalDouble change,
        OptionalDouble moved,
        List<Part> parts) {
    /**
     * A slot's contribution.
     *
     * @param notice absent where {@code <run>.slots} does not have it, or not yet
     */
    record Part(int slot, long images, String name, Optional<Notice> notice) {}

    static MergedRound of(RoundDealt deal, RoundMerged merge, long imagesBefore) {
        return new MergedRound(
                merge.round(),
                deal.dealtAtMillis(),
                merge.mergedAtMillis(),
                merge.images(),
                imagesBefore + merge.images(),
                finite(merge.change()),
                finite(merge.moved()),
                merge.slots().stream()
                        .map(slot -> new Part(slot.slot(), slot.images(), slot.name(), Optional.empty()))
                        .toList());
    }

    /** The same with the notices that are there now. */
    MergedRound with(SlotNotices notices) {
        List<Part> found = parts.stream()
                .map(part -> new Part(
                        part.slot, part.images, part.name, part.notice.or(() -> notices.named(part.slot, part.name))))
                .toList();
        return new MergedRound(round, dealtAtMillis, mergedAtMillis, images, imagesSoFar, change, moved, found);
    }

    boolean isComplete() {
        return parts.stream().allMatch(part -> part.notice.isPresent());
    }

    /** From the deal to the merge. */
    double seconds() {
        return secondsAfterDeal(mergedAtMillis);
    }

    /** From the deal to another moment. */
    double secondsAfterDeal(long millis) {
        return Math.max(0, ((double) millis - dealtAtMillis) / 1_000);
    }

    /** Its slots' notices, the fastest first. */
    List<Notice> notices() {
        return parts.stream()
                .flatMap(part -> part.notice.stream())
                .sorted(Comparator.comparingDouble(Notice::seconds))
                .toList();
    }

    /** Seconds that the steps of the median slot took. */
    OptionalDouble medianSeconds() {
        return median(notices().stream().map(Notice::seconds).toList());
    }

    /** The slot that took longest. */
    Optional<Part> slowest() {
        return parts.stream()
                .filter(part -> part.notice.isPresent())
                .max(Comparator.comparingDouble(
                        part -> part.notice.map(Notice::seconds).orElse(0.0)));
    }

    /** How many processes computed it. */
    int workers() {
        return (int) notices().stream().map(Notice::worker).distinct().count();
    }

    /**
     * Share of its processes' time in which they computed no step that counts: 1 − Σ seconds of the slots / (processes · seconds of the
     * round). They exchange, wait for the slowest, or compute what another one had first.
     */
    OptionalDouble waiting() {
        double available = workers() * seconds();
        if (!isComplete() || available <= 0) {
            return OptionalDouble.empty();
        }
        double computed = notices().stream().mapToDouble(Notice::seconds).sum();
        return OptionalDouble.of(Math.max(0, 1 - computed / available));
    }

    /** The middle one of some values, the smaller of two; empty for none. */
    static OptionalDouble median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(sorted.get((sorted.size() - 1) / 2));
    }

    private static OptionalDouble finite(double value) {
        return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
    }
}
