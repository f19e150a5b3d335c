package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** Which images of the stream are trained on. */
public record StreamConfig(
        @Setting(
                value = "none",
                doc =
                        "which images are skipped: `none`; `novelty`, those that show nothing new, judged for each source (header `source`) of each partition; or `uniform`, at random",
                effect = Effect.STRUCTURE)
        Gate gate,

        @Setting(
                value = "1000",
                doc = "kept images of a source that `novelty` compares a new one with",
                effect = Effect.STRUCTURE)
        int gateWindow,

        @Setting(
                value = "0.01",
                doc =
                        "share of images that `novelty` skips of a source whose images are independent of each other; of such images the same share joins a segment",
                effect = Effect.STRUCTURE)
        double gateQuantile,

        @Setting(
                value = "64",
                doc = "of so many images of a source in a row `novelty` keeps at least one",
                effect = Effect.STRUCTURE)
        int gateHeartbeat,

        @Setting(value = "0.25", doc = "share of images that `uniform` keeps", effect = Effect.STRUCTURE)
        double gateShare,

        @Setting(
                value = "judge",
                doc =
                        "what the gate does while an alarm of data drift is open: `judge` as always, or `keep` every image until the alarm is cleared or the reference renewed",
                effect = Effect.NONE)
        WhileDrift gateDrift) {
    public StreamConfig {
        check(
                gateWindow >= 128 && gateWindow <= 65_536,
                "stream.gate-window must be in [128, 65536], but was %d",
                gateWindow);
        check(
                gateQuantile >= 0.005 && gateQuantile <= 0.5,
                "stream.gate-quantile must be in [0.005, 0.5], but was %s",
                gateQuantile);
        check(
                gateHeartbeat >= 1 && gateHeartbeat <= 4096,
                "stream.gate-heartbeat must be in [1, 4096], but was %d",
                gateHeartbeat);
        check(gateShare >= 0.001 && gateShare <= 1, "stream.gate-share must be in [0.001, 1], but was %s", gateShare);
    }

    /** What the gate does while an alarm of data drift is open. */
    public enum WhileDrift {
        JUDGE,
        KEEP
    }

    /** Whether an alarm of data drift changes what the gate keeps. */
    public boolean heedsDrift() {
        return gate != Gate.NONE && gateDrift == WhileDrift.KEEP;
    }

    /** What decides whether an image is trained on. */
    public enum Gate {
        NONE,
        NOVELTY,
        UNIFORM
    }
}
