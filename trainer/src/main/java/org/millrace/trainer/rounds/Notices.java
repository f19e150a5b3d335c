package org.millrace.trainer.rounds;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.RoundsConfig;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.SlotRecord;
import org.millrace.contract.event.SlotsWanted;
import org.millrace.contract.kafka.KafkaSettings;

/**
 * What {@code <run>.slots} says of the round under way and those to come: which contributions there are to each slot, in the order in which
 * they came. One that began with another state does not count, nor one that the leading process has refused. Not thread safe; the owner
 * closes it.
 */
final class Notices implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Tail<SlotRecord> tail;
    private int slots; // that the next round has
    private final Map<Long, Map<Integer, List<SlotReady>>> standing = new TreeMap<>(); // by round and slot
    private final Map<Long, Set<String>> refused = new HashMap<>(); // names, by round
    private long round; // under way
    private String base; // digest of the state before it

    /**
     * Reads from the beginning.
     *
     * @param slots of a round, where nobody has wanted another number
     * @param state before the round under way
     */
    Notices(KafkaSettings kafka, RunTopics topics, int slots, GlobalState state) {
        this.tail = new Tail<>(kafka, topics.slots(), SlotRecord.class);
        this.slots = slots;
        this.round = state.round();
        this.base = state.digest();
    }

    /**
     * Takes what is there, or waits for it up to {@code timeout}.
     *
     * @param added of each contribution that was not known
     */
    void poll(Duration timeout, Consumer<SlotReady> added) {
        tail.poll(timeout, (record, event) -> take(event, added));
    }

    /** Takes everything that is there now. */
    void catchUp() {
        tail.catchUp(POLL, (record, event) -> take(event, notice -> {}));
    }

    private void take(SlotRecord event, Consumer<SlotReady> added) {
        if (event instanceof SlotsWanted wanted) {
            slots = wanted.slots();
        } else if (event instanceof SlotReady notice) {
            if (notice.refused().isPresent()) {
                refuse(notice);
            } else if (add(notice)) {
                added.accept(notice);
            }
        }
    }

    /** Slots that the next round is to have. */
    int slots() {
        return slots;
    }

    /** Reads the notices of a round of so many slots, which may be more than before. */
    void grow(int count) {
        tail.grow(count);
    }

    /** Takes a notice, also before readers see it; false where it is known or of no use. */
    boolean add(SlotReady notice) {
        if (notice.round() < round
                || notice.slot() >= RoundsConfig.MOST_SLOTS
                || refused.getOrDefault(notice.round(), Set.of()).contains(notice.name())) {
            return false;
        }
        List<SlotReady> ofSlot = standing.computeIfAbsent(notice.round(), any -> new TreeMap<>())
                .computeIfAbsent(notice.slot(), any -> new ArrayList<>());
        if (ofSlot.stream().anyMatch(known -> known.name().equals(notice.name()))) {
            return false;
        }
        return ofSlot.add(notice);
    }

    /** Leaves a contribution out from now on. */
    void refuse(SlotReady notice) {
        if (notice.round() >= round) {
            refused.computeIfAbsent(notice.round(), any -> new HashSet<>()).add(notice.name());
            standing.getOrDefault(notice.round(), Map.of())
                    .getOrDefault(notice.slot(), new ArrayList<>())
                    .removeIf(known -> known.name().equals(notice.name()));
        }
    }

    /** The contributions to a slot of the round under way. */
    List<SlotReady> of(int slot) {
        return standing.getOrDefault(round, Map.of()).getOrDefault(slot, List.of()).stream()
                .filter(this::beginsRight)
                .toList();
    }

    /** Whether a contribution began with the state before the round under way. */
    boolean beginsRight(SlotReady notice) {
        return notice.round() == round && notice.base().equals(base);
    }

    /** Digest of the state before the round under way. */
    String base() {
        return base;
    }

    /** Goes on to the next round, which begins with {@code state}: the one that {@code merge} came to, or a later one. */
    void next(GlobalState state, RoundMerged merge) {
        round = state.round();
        base = round == merge.round() + 1 ? merge.digest() : state.digest(); // the same, which is long to compute
        standing.keySet().removeIf(earlier -> earlier < round);
        refused.keySet().removeIf(earlier -> earlier < round);
    }

    @Override
    public void close() {
        tail.close();
    }
}
