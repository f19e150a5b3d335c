package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** The buffer of past images that are trained on again, beside new ones or between them. */
public record ReplayConfig(
        @Setting(
                value = "none",
                doc =
                        "`none`, `fifo` (the newest), `reservoir` (a uniform sample of all), `min-red` (those least alike) or `two-tier` (the newest, and of older ones what `replay.long-term` keeps)",
                effect = Effect.STRUCTURE)
        Policy policy,

        @Setting(value = "10000", doc = "images in the buffer", effect = Effect.STRUCTURE)
        int capacity,

        @Setting(
                value = "1",
                doc = "steps for each fresh batch: the first trains it, the others draw from the buffer",
                effect = Effect.STRUCTURE)
        int updatesPerBatch,

        @Setting(
                value = "1",
                doc =
                        "share of new images in the batch of a step that brings new ones; the others are drawn from the buffer, once it holds as many",
                effect = Effect.STRUCTURE)
        double freshShare,

        @Setting(
                value = "0.5",
                doc =
                        "share of the new feature, or of the new loss, when an image is trained on again, for `min-red` and `high-loss`",
                effect = Effect.STRUCTURE)
        double featureRate,

        @Setting(
                value = "reservoir",
                doc =
                        "what `two-tier` keeps of older images: `reservoir`, `min-red` or `high-loss` (those whose loss is highest beside that of their batches)",
                effect = Effect.STRUCTURE)
        LongTerm longTerm,

        @Setting(
                value = "0.1",
                doc = "share of `replay.capacity` that `two-tier` fills with the newest images",
                effect = Effect.STRUCTURE)
        double shortTermShare,

        @Setting(
                value = "0",
                doc =
                        "most by which `two-tier` changes the share of fresh images in a batch from step to step, as their loss compares with older ones', for example 0.01; 0 keeps it at 0.25, or at `replay.fresh-share` where that is more",
                effect = Effect.STRUCTURE)
        double shareRate,

        @Setting(
                value = "0",
                doc =
                        "share of fresh images in a batch while an alarm of data drift is open, for `two-tier`; 0: an alarm changes nothing",
                effect = Effect.NONE)
        double driftShare) {
    /** The largest share of a batch that {@code two-tier} fills with fresh images. */
    public static final double MOST_FRESH = 0.75;

    public ReplayConfig {
        check(capacity >= 1, "replay.capacity must be at least 1, but was %d", capacity);
        check(updatesPerBatch >= 1, "replay.updates-per-batch must be at least 1, but was %d", updatesPerBatch);
        check(
                policy != Policy.NONE || updatesPerBatch == 1,
                "replay.updates-per-batch must be 1 without a replay buffer (replay.policy=none), but was %d",
                updatesPerBatch);
        check(freshShare > 0 && freshShare <= 1, "replay.fresh-share must be in (0, 1], but was %s", freshShare);
        check(
                policy != Policy.NONE || freshShare == 1,
                "replay.fresh-share must be 1 without a replay buffer (replay.policy=none), but was %s",
                freshShare);
        check(
                policy != Policy.TWO_TIER || updatesPerBatch == 1,
                "replay.updates-per-batch must be 1 with replay.policy=two-tier, which brings new images with each step: set"
                        + " replay.fresh-share to their share, not %d updates",
                updatesPerBatch);
        check(
                policy != Policy.TWO_TIER || freshShare <= MOST_FRESH,
                "replay.fresh-share must be at most %s with replay.policy=two-tier, so that older images have a place in a batch, but was"
                        + " %s: set 0.25, for example, to train each image about four times",
                MOST_FRESH,
                freshShare);
        check(featureRate > 0 && featureRate <= 1, "replay.feature-rate must be in (0, 1], but was %s", featureRate);
        check(
                shortTermShare > 0 && shortTermShare <= 0.5,
                "replay.short-term-share must be in (0, 0.5], but was %s",
                shortTermShare);
        check(
                driftShare == 0 || (policy == Policy.TWO_TIER && driftShare >= freshShare && driftShare <= MOST_FRESH),
                "replay.drift-share must be 0, or with replay.policy=two-tier in [replay.fresh-share (%s), %s], but was %s",
                freshShare,
                MOST_FRESH,
                driftShare);
        check(shareRate >= 0 && shareRate <= 0.1, "replay.share-rate must be in [0, 0.1], but was %s", shareRate);
    }

    /** Images of the short-term tier: the newest of the buffer; 0 where it has no tiers. */
    public int shortTermCapacity() {
        return policy == Policy.TWO_TIER ? (int) Math.max(1, Math.round(shortTermShare * capacity)) : 0;
    }

    /** Images of the long-term tier: all that are not in the short-term one. */
    public int longTermCapacity() {
        return capacity - shortTermCapacity();
    }

    /** What the full buffer gives up for a new image. */
    public enum Policy {
        NONE,
        FIFO,
        RESERVOIR,
        MIN_RED,
        TWO_TIER
    }

    /** What the long-term tier gives up for an image that the short-term one has passed on. */
    public enum LongTerm {
        RESERVOIR,
        MIN_RED,
        HIGH_LOSS
    }
}
