package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** The buffer of past images that are trained on again between fresh batches. */
public record ReplayConfig(
        @Setting(
                value = "none",
                doc =
                        "`none`, `fifo` (the newest), `reservoir` (a uniform sample of all) or `min-red` (those least alike)",
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
                doc = "share of the new feature when an image is trained on again, for `min-red`",
                effect = Effect.STRUCTURE)
        double featureRate) {
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
        check(featureRate > 0 && featureRate <= 1, "replay.feature-rate must be in (0, 1], but was %s", featureRate);
    }

    /** What the full buffer gives up for a new image. */
    public enum Policy {
        NONE,
        FIFO,
        RESERVOIR,
        MIN_RED
    }
}
