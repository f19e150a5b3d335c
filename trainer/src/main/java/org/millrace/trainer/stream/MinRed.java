package org.millrace.trainer.stream;

import java.util.ArrayList;
import java.util.List;

/**
 * Minimum redundancy replay (Purushwalkam, Morgado, Gupta 2022, arXiv:2203.12710, Algorithm 1): of the images that have been trained
 * on, those go whose features another one resembles most, one at a time. Not thread safe.
 */
final class MinRed {
    private final Redundancy redundancy = new Redundancy();

    /** How the images that go are chosen. */
    enum Rule {
        NONE,
        OLDEST,
        MOST_REDUNDANT
    }

    /** The rule by which {@code excess} images go of which {@code trained} have features: there must be two to choose each from. */
    static Rule rule(int excess, long trained) {
        if (excess <= 0) {
            return Rule.NONE;
        }
        return trained < 2L * excess ? Rule.OLDEST : Rule.MOST_REDUNDANT;
    }

    /** Removes images, oldest first in {@code items}, until {@code capacity} are left. Returns the place of each at its removal. */
    List<Integer> shrink(List<ReplayItem> items, int capacity) {
        int excess = items.size() - capacity;
        long trained = items.stream().filter(item -> item.feature().isPresent()).count();
        return switch (rule(excess, trained)) {
            case NONE -> List.of();
            case OLDEST -> removeOldest(items, excess);
            case MOST_REDUNDANT -> removeRedundant(items, excess);
        };
    }

    void clear() {
        redundancy.clear();
    }

    private List<Integer> removeOldest(List<ReplayItem> items, int excess) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < excess; i++) {
            redundancy.remove(items.remove(0).arrival());
            places.add(0);
        }
        return places;
    }

    private List<Integer> removeRedundant(List<ReplayItem> items, int excess) {
        for (ReplayItem item : items) {
            item.feature().ifPresent(feature -> redundancy.put(item.arrival(), feature));
        }
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < excess; i++) {
            long arrival = redundancy.mostRedundant();
            int place = 0;
            while (items.get(place).arrival() != arrival) {
                place++;
            }
            redundancy.remove(arrival);
            items.remove(place);
            places.add(place);
        }
        return places;
    }
}
