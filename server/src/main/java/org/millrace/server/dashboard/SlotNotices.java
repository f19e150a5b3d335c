package org.millrace.server.dashboard;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.millrace.contract.event.SlotReady;

/**
 * Notices of {@code <run>.slots} for the newest rounds: who computed which slot, and in how long. They may be read before or after the
 * journal's records of their rounds. Bounded for each slot; not thread safe.
 */
final class SlotNotices {
    /** Notices of a slot that are kept; earlier ones need not be read. */
    static final int KEPT = 256;

    private static final int WORKER = 120; // characters
    private static final int DIGEST = 128;

    private final Map<Integer, Map<String, Notice>> newest = new TreeMap<>(); // by slot and name, oldest first
    private long from; // the oldest round that is wanted

    /**
     * A slot of a round is computed.
     *
     * @param base digest of the state that it began with
     * @param worker process and machine
     * @param seconds that its steps took
     * @param refused by the leading process, so that the slot is computed again
     */
    record Notice(long round, String base, String worker, double seconds, long readyAtMillis, boolean refused) {}

    /** Why a record cannot be a trainer's; empty for one that can. */
    static Optional<String> objection(SlotReady ready, int partition) {
        if (ready.slot() != partition) {
            return Optional.of("it is of slot " + ready.slot() + ", on another partition");
        } else if (!(ready.seconds() >= 0 && ready.seconds() < Long.MAX_VALUE)) {
            return Optional.of("its seconds are " + ready.seconds());
        }
        return ready.name().length() > DIGEST || ready.base().length() > DIGEST
                ? Optional.of("its name or base is longer than " + DIGEST + " characters")
                : Optional.empty();
    }

    void add(SlotReady ready) {
        if (ready.round() < from) {
            return;
        }
        Map<String, Notice> ofSlot = newest.computeIfAbsent(ready.slot(), slot -> new LinkedHashMap<>());
        String worker = ready.worker();
        Notice notice = new Notice(
                ready.round(),
                ready.base(),
                worker.length() > WORKER ? worker.substring(0, WORKER - 1) + "…" : worker,
                ready.seconds(),
                ready.readyAtMillis(),
                ready.refused().isPresent());
        ofSlot.merge(ready.name(), notice, (before, now) -> now.refused() ? now : before);
        if (ofSlot.size() > KEPT) {
            ofSlot.remove(ofSlot.keySet().iterator().next());
        }
    }

    /** The notice of a contribution that a merge names. */
    Optional<Notice> named(int slot, String name) {
        return Optional.ofNullable(ofSlot(slot).get(name));
    }

    /** The first contribution to a slot of a round. */
    Optional<Notice> first(int slot, long round, Optional<String> base) {
        return all(slot, round, base).findFirst();
    }

    /** The contributions to a slot of a round, the first first; those that began with another state, or were refused, cannot be merged. */
    Stream<Notice> all(int slot, long round, Optional<String> base) {
        return ofSlot(slot).values().stream()
                .filter(notice -> notice.round() == round
                        && !notice.refused()
                        && base.map(notice.base()::equals).orElse(true));
    }

    /** Forgets the rounds before one. */
    void forgetBefore(long round) {
        from = round;
        newest.values().forEach(ofSlot -> ofSlot.values().removeIf(notice -> notice.round() < round));
    }

    void clear() {
        newest.clear();
        from = 0;
    }

    private Map<String, Notice> ofSlot(int slot) {
        return newest.getOrDefault(slot, Map.of());
    }
}
