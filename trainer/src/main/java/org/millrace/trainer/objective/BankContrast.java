package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.config.MemoryBankConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.MemoryBank;
import org.millrace.trainer.objective.InfoNce.Contrast;

/**
 * The contrast of a batch with a memory bank: which rows are an image's negatives, and the loss over them. Rows are constants. Not thread
 * safe.
 *
 * <p>Negatives are drawn from the rows that are there, for the whole batch together or for each image. The stand-ins of other images are
 * negatives too (softmax only), without which features could leave old rows behind all together and never tell new images apart.
 */
final class BankContrast {
    private static final float NEVER = -1e9f;

    private final MemoryBankConfig config;
    private final MemoryBank bank;
    private final long seed;
    private final int dimension;
    /** Mean of exp(s) over the first batch, for Z; 0 before it. */
    private float meanScore;

    BankContrast(MillraceConfig config, MemoryBank bank) {
        this.config = config.memoryBank();
        this.bank = bank;
        this.seed = config.run().seed();
        this.dimension = config.head().output();
    }

    /** What {@link #restore} takes. */
    float meanScore() {
        return meanScore;
    }

    void restore(float kept) {
        meanScore = kept;
    }

    // features, positives: N×C
    Contrast of(NDArray features, NDArray positives, BankRows own, long step, NDManager scope) {
        int[] slots = own.slots();
        if (bank.size() == 0) { // the very first step: the batch itself
            return new Contrast(
                    InfoNce.withBatch(features, positives, config.temperature()).losses(),
                    BankLoss.logits(features, positives, positives, config.temperature()));
        }
        if (config.loss() == MemoryBankConfig.Loss.FULL_SOFTMAX) {
            int[] all = new int[bank.size()];
            Arrays.setAll(all, i -> i);
            NDArray negatives = scope.create(bank.rows(all), new Shape(all.length, dimension)); // n×C
            NDArray logits = BankLoss.logits(features, positives, negatives, config.temperature()); // N×(1+n)
            return BankLoss.softmax(
                    withStandIns(withoutOwn(logits, all, slots, scope), features, positives, own, scope));
        }
        int[] drawn = draw(step, slots.length);
        Shape shape = config.shared()
                ? new Shape(drawn.length, dimension)
                : new Shape(slots.length, config.negatives(), dimension);
        NDArray negatives = scope.create(bank.rows(drawn), shape);
        NDArray logits = BankLoss.logits(features, positives, negatives, config.temperature()); // N×(1+M)
        return config.loss() == MemoryBankConfig.Loss.NCE
                ? BankLoss.noiseContrastive(logits, partition(logits), bank.size())
                : BankLoss.softmax(
                        withStandIns(withoutOwn(logits, drawn, slots, scope), features, positives, own, scope));
    }

    // Z; set for good by the first batch where the configuration leaves it to that
    private double partition(NDArray logits) {
        if (config.partition() > 0) {
            return config.partition();
        }
        if (meanScore == 0) {
            meanScore = (float) BankLoss.partition(logits.stopGradient(), 1);
        }
        return (double) meanScore * bank.size();
    }

    // slots of negatives, M for the batch or N·M
    private int[] draw(long step, int batch) {
        CounterRandom random = CounterRandom.of(seed, step, CounterRandom.Purpose.NEGATIVES, 0);
        int[] drawn = new int[config.shared() ? config.negatives() : batch * config.negatives()];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = random.nextInt(bank.size());
        }
        return drawn;
    }

    // takes the image's own row out of its negatives; logits: N×(1+M)
    static NDArray withoutOwn(NDArray logits, int[] negatives, int[] own, NDManager scope) {
        int columns = (int) logits.getShape().get(1);
        float[] never = new float[own.length * columns];
        boolean each = negatives.length == own.length * (columns - 1);
        for (int i = 0; i < own.length; i++) {
            for (int j = 1; j < columns; j++) {
                int slot = negatives[each ? i * (columns - 1) + j - 1 : j - 1];
                never[i * columns + j] = slot == own[i] ? NEVER : 0;
            }
        }
        return logits.add(scope.create(never, logits.getShape()));
    }

    // other images' stand-ins are negatives like the rows that they are about to become; logits: N×(1+M) → N×(1+M+N)
    private NDArray withStandIns(NDArray logits, NDArray features, NDArray positives, BankRows own, NDManager scope) {
        int count = own.size();
        float[] never = new float[count * count];
        boolean none = true;
        for (int j = 0; j < count; j++) {
            none &= own.isPresent(j);
            for (int i = 0; i < count; i++) {
                never[i * count + j] = i == j || own.isPresent(j) ? NEVER : 0;
            }
        }
        if (none) {
            return logits;
        }
        NDArray similarity = InfoNce.unit(features).matMul(positives.transpose()); // N×N
        NDArray others =
                Scaled.over(similarity, config.temperature()).add(scope.create(never, new Shape(count, count)));
        return NDArrays.concat(new NDList(logits, others), 1);
    }
}
