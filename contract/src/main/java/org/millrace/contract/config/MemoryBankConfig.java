package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** One remembered row for each image (Wu et al. 2018), addressed by the image's id. */
public record MemoryBankConfig(
        @Setting(
                value = "sampled-softmax",
                doc =
                        "`sampled-softmax` (MoCo's comparison), `nce` (noise-contrastive estimation) or `full-softmax` (all rows are negatives)",
                effect = Effect.NUMBERS)
        Loss loss,

        @Setting(
                value = "100000",
                doc = "rows, one for each image id; once full, a new id replaces the oldest",
                effect = Effect.STRUCTURE)
        int capacity,

        @Setting(
                value = "4096",
                doc =
                        "negatives drawn from the bank for each image; full-softmax takes all rows. If most images are new, use about trainer.batch-size: more cause collapse",
                effect = Effect.NUMBERS)
        int negatives,

        @Setting(
                value = "true",
                doc =
                        "whether the images of a batch share their negatives; false draws for each image, at as many times the cost",
                effect = Effect.NUMBERS)
        boolean shared,

        @Setting(value = "0.07", doc = "temperature T of the softmax", effect = Effect.NUMBERS)
        double temperature,

        @Setting(
                value = "0.5",
                doc = "momentum t: the share of the old row in the new one, in [0, 1)",
                effect = Effect.NUMBERS)
        double momentum,

        @Setting(
                value = "0",
                doc = "normalising constant Z of nce; 0 estimates it from the first batch, as the official code does",
                effect = Effect.NUMBERS)
        double partition) {
    public MemoryBankConfig {
        check(capacity >= 2, "memory-bank.capacity must be at least 2, but was %d", capacity);
        check(negatives >= 1, "memory-bank.negatives must be at least 1, but was %d", negatives);
        check(temperature > 0, "memory-bank.temperature must be positive, but was %s", temperature);
        check(momentum >= 0 && momentum < 1, "memory-bank.momentum must be in [0, 1), but was %s", momentum);
        check(partition >= 0, "memory-bank.partition must not be negative, but was %s", partition);
    }

    /** What the rows of other images are compared by. */
    public enum Loss {
        SAMPLED_SOFTMAX,
        NCE,
        FULL_SOFTMAX
    }
}
