package org.millrace.evaluator.space;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Anchors by what they are for: three fifths to fit, one to choose by, one to measure on. Which is which depends on an anchor's place
 * alone, so that every adapter of a run is measured on the same images; places are shuffled first, since classes may come in turns.
 *
 * @param fitted in rising order, as are the others
 * @param chosenBy not fitted while the kind is chosen; fitted too for the adapter that is published
 * @param heldOut neither fitted nor chosen by
 */
@SuppressWarnings("ArrayRecordComponent")
record AnchorSplit(int[] fitted, int[] chosenBy, int[] heldOut) {
    private static final int PARTS = 5;

    static AnchorSplit of(int anchors) {
        int[] shuffled = IntStream.range(0, anchors)
                .boxed()
                .sorted(Comparator.comparingLong(AnchorSplit::mixed))
                .mapToInt(Integer::intValue)
                .toArray();
        return new AnchorSplit(
                part(shuffled, place -> place % PARTS < PARTS - 2),
                part(shuffled, place -> place % PARTS == PARTS - 2),
                part(shuffled, place -> place % PARTS == PARTS - 1));
    }

    /** All that are not held out. */
    int[] seen() {
        return IntStream.concat(Arrays.stream(fitted), Arrays.stream(chosenBy))
                .sorted()
                .toArray();
    }

    private static int[] part(int[] shuffled, java.util.function.IntPredicate wanted) {
        return IntStream.range(0, shuffled.length)
                .filter(wanted)
                .map(place -> shuffled[place])
                .sorted()
                .toArray();
    }

    /** SplitMix64's finaliser (Steele et al. 2014): a permutation of the longs. */
    private static long mixed(int place) {
        long z = (place + 1) * 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
