package org.millrace.trainer.rounds;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.millrace.contract.config.RoundsConfig;
import org.millrace.contract.config.RoundsConfig.Outer;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.keystore.KeyBatch;

/**
 * The state after a round, as a pure function of the state before it and of the slots' contributions. With w_v = images of slot v / images
 * of all, θ the query's parameters and Δ_v = θ_t − θ_v:
 *
 * <pre>
 *   Δ̄ = Σ_v w_v·Δ_v          b ← μ·b + Δ̄          θ_{t+1} = θ_t − η·(Δ̄ + μ·b)      (Nesterov; DiLoCo, arXiv:2311.08105)
 *   momentum encoder: the slots' mean, Σ_v w_v·θk_v
 *   batch norm: mean = Σ_v w_v·m_v, variance = Σ_v w_v·(s_v + m_v²) − mean²
 *   dictionary: the newest keys in the order (round, step of the slot, slot)
 * </pre>
 *
 * Without an outer optimiser θ_{t+1} = θ_t − Δ̄. Everything is plain Java arithmetic on floats (sums of statistics and norms on doubles), slot
 * after slot, so that every machine comes to the same bits.
 */
final class Fold {
    private final RoundsConfig config;
    private final int capacity;

    /** @param capacity keys in the dictionary */
    Fold(RoundsConfig config, int capacity) {
        this.config = config;
        this.capacity = capacity;
    }

    /**
     * A merged round.
     *
     * @param change norm of Δ̄
     * @param moved norm of θ_t − θ_{t+1}
     */
    record Merged(GlobalState state, double change, double moved) {}

    /**
     * Merges a round.
     *
     * @param slots ascending, those of the merge
     */
    Merged merged(GlobalState before, RoundDealt deal, RoundMerged merge, List<Contribution> slots) {
        float[] shares = shares(slots);
        FlatWeights query = FlatWeights.of(before.query());
        FlatWeights key = FlatWeights.of(before.key());
        float[] change = mean(slots.stream().map(Contribution::query).toList(), shares, query.parameters().length);
        float[] keyChange = mean(slots.stream().map(Contribution::key).toList(), shares, key.parameters().length);
        float[] outer = before.outer();
        float[] moved = change;
        if (config.outer() == Outer.MOMENTUM) {
            outer = momentum(outer, change);
            moved = step(outer, change);
        }
        FlatWeights queryAfter = new FlatWeights(
                less(query.parameters(), moved),
                means(slots.stream().map(Contribution::queryStatistics).toList(), shares, query),
                variances(slots.stream().map(Contribution::queryStatistics).toList(), shares, query));
        FlatWeights keyAfter = new FlatWeights(
                less(key.parameters(), keyChange),
                means(slots.stream().map(Contribution::keyStatistics).toList(), shares, key),
                variances(slots.stream().map(Contribution::keyStatistics).toList(), shares, key));
        GlobalState after = new GlobalState(
                before.round() + 1,
                merge.step(),
                before.imagesTrained() + merge.images(),
                before.imagesRejected() + merge.rejected(),
                before.supply().after(deal, merge),
                queryAfter.like(before.query()),
                keyAfter.like(before.key()),
                outer,
                dictionary(before, slots),
                before.keySequence()
                        + slots.stream()
                                .mapToLong(slot -> slot.account().keysMade())
                                .sum());
        return new Merged(after, norm(change), norm(moved));
    }

    private static float[] shares(List<Contribution> slots) {
        long all = slots.stream().mapToLong(slot -> slot.account().images()).sum();
        float[] shares = new float[slots.size()];
        for (int v = 0; v < shares.length; v++) {
            shares[v] = all == 0 ? 0 : (float) ((double) slots.get(v).account().images() / all);
        }
        return shares;
    }

    private float[] mean(List<byte[]> changes, float[] shares, int length) {
        float[] mean = new float[length];
        for (int v = 0; v < shares.length; v++) {
            float[] change = Change.read(changes.get(v), length, config.precision());
            for (int i = 0; i < length; i++) {
                mean[i] += shares[v] * change[i];
            }
        }
        return mean;
    }

    private float[] momentum(float[] outer, float[] change) {
        float kept = (float) config.outerMomentum();
        float[] momentum = change.clone();
        for (int i = 0; i < outer.length; i++) { // none before the first round
            momentum[i] += kept * outer[i];
        }
        return momentum;
    }

    private float[] step(float[] outer, float[] change) {
        float kept = (float) config.outerMomentum();
        float rate = (float) config.outerRate();
        float[] step = new float[change.length];
        for (int i = 0; i < step.length; i++) {
            step[i] = rate * (change[i] + kept * outer[i]);
        }
        return step;
    }

    private static float[] less(float[] values, float[] change) {
        float[] less = new float[values.length];
        for (int i = 0; i < less.length; i++) {
            less[i] = values[i] - change[i];
        }
        return less;
    }

    // statistics: means, then variances; as they were where no image was trained
    private static float[] means(List<float[]> statistics, float[] shares, FlatWeights before) {
        float[] means = new float[before.means().length];
        for (int i = 0; i < means.length; i++) {
            means[i] = trained(shares) ? (float) meanOf(statistics, shares, i) : before.means()[i];
        }
        return means;
    }

    private static float[] variances(List<float[]> statistics, float[] shares, FlatWeights before) {
        int count = before.variances().length;
        float[] variances = new float[count];
        for (int i = 0; i < count; i++) {
            if (!trained(shares)) {
                variances[i] = before.variances()[i];
                continue;
            }
            double mean = meanOf(statistics, shares, i);
            double square = 0;
            for (int v = 0; v < shares.length; v++) {
                double slotMean = statistics.get(v)[i];
                square += shares[v] * (statistics.get(v)[count + i] + slotMean * slotMean);
            }
            variances[i] = (float) Math.max(0, square - mean * mean);
        }
        return variances;
    }

    private static boolean trained(float[] shares) {
        for (float share : shares) {
            if (share > 0) {
                return true;
            }
        }
        return false;
    }

    private static double meanOf(List<float[]> statistics, float[] shares, int i) {
        double mean = 0;
        for (int v = 0; v < shares.length; v++) {
            mean += (double) shares[v] * statistics.get(v)[i];
        }
        return mean;
    }

    private List<KeyBatch> dictionary(GlobalState before, List<Contribution> slots) {
        record Made(long stepOfSlot, int slot, KeyBatch keys) {}
        List<Made> made = new ArrayList<>();
        for (Contribution slot : slots) {
            long first = before.step() + (long) slot.account().slot() * config.steps();
            slot.keys()
                    .forEach(keys -> made.add(
                            new Made(keys.step() - first, slot.account().slot(), keys)));
        }
        made.sort(Comparator.comparingLong(Made::stepOfSlot).thenComparingInt(Made::slot));
        List<KeyBatch> all = new ArrayList<>(before.dictionary());
        made.forEach(one -> all.add(one.keys()));
        return newest(all);
    }

    private List<KeyBatch> newest(List<KeyBatch> all) {
        List<KeyBatch> newest = new ArrayList<>();
        int room = capacity;
        for (int i = all.size() - 1; i >= 0 && room > 0; i--) {
            KeyBatch batch = all.get(i);
            newest.add(0, batch.size() <= room ? batch : tail(batch, room));
            room -= Math.min(room, batch.size());
        }
        return newest;
    }

    private static KeyBatch tail(KeyBatch batch, int count) {
        int from = batch.size() - count;
        float[] rows = Arrays.copyOfRange(batch.keys(), from * batch.dimension(), batch.keys().length);
        return new KeyBatch(
                batch.step(), batch.dimension(), rows, batch.images().subList(from, batch.size()));
    }

    private static double norm(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        return Math.sqrt(sum);
    }
}
