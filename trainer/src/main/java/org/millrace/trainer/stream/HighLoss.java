package org.millrace.trainer.stream;

import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the images that are learnt worst: of those that have been trained on, the one goes whose loss stands lowest in the batches that it was
 * in ({@link StepLosses#standings}), a running mean over its own steps. SOLAR (Cignoni et al. 2026, arXiv:2604.10586) keeps what is hard so
 * that a buffer does not become too easy; this rule is simpler than its proxies.
 */
final class HighLoss {
    private HighLoss() {}

    /** (1 − rate)·before + rate·now, of one number each. */
    static float[] mixed(float[] before, float[] now, double rate) {
        return new float[] {(float) ((1 - rate) * before[0] + rate * now[0])};
    }

    /**
     * Removes images, oldest first in {@code items}, until {@code capacity} are left; of equal ones the older goes. While few have been trained
     * on, the oldest go, as in {@link MinRed}. Returns the place of each at its removal.
     */
    static List<Integer> shrink(List<ReplayItem> items, int capacity) {
        int excess = items.size() - capacity;
        long trained = items.stream().filter(item -> item.feature().isPresent()).count();
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < excess; i++) {
            int place = MinRed.rule(excess, trained) == MinRed.Rule.OLDEST ? 0 : lowest(items);
            items.remove(place);
            places.add(place);
        }
        return places;
    }

    private static int lowest(List<ReplayItem> items) {
        int lowest = -1;
        float least = Float.POSITIVE_INFINITY;
        for (int place = 0; place < items.size(); place++) {
            float[] standing = items.get(place).feature().orElse(UNTRAINED);
            if (standing.length > 0 && (lowest < 0 || standing[0] < least)) {
                lowest = place;
                least = standing[0];
            }
        }
        return lowest;
    }

    private static final float[] UNTRAINED = new float[0];
}
