package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.stream.Stream;
import org.millrace.contract.config.Setting.Effect;

/** How the incoming images are watched through a frozen encoder. */
public record DriftConfig(
        @Setting(
                value = "60000",
                doc = "milliseconds of a window, by the time of the images' records",
                effect = Effect.NONE)
        long windowMillis,

        @Setting(
                value = "0",
                doc =
                        "milliseconds from the start of a window to the start of the next, a divisor of the window; windows overlap if it is shorter than a window; 0: one after another",
                effect = Effect.NONE)
        long hopMillis,

        @Setting(
                value = "10000",
                doc = "milliseconds that a window waits for late images after its end",
                effect = Effect.NONE)
        long graceMillis,

        @Setting(
                value = "64",
                doc = "minimum images of a window that is compared with the reference",
                effect = Effect.NONE)
        int leastImages,

        @Setting(
                value = "256",
                doc = "images of a window that are compared: a uniform sample where it has more",
                effect = Effect.NONE)
        int windowImages,

        @Setting(
                value = "8192",
                doc =
                        "images of the reference, taken from the first windows; with fewer than 32 times drift.window-images"
                                + " false alarms are more or less frequent than requested",
                effect = Effect.NONE)
        int referenceImages,

        @Setting(value = "1.0", doc = "share of the incoming images that is analysed, in (0, 1]", effect = Effect.NONE)
        double sampleShare,

        @Setting(
                value = "",
                doc = "values of the header source whose images are also monitored separately, comma-separated; pushed"
                        + " images have the path of the folder or archive that was pushed",
                effect = Effect.NONE)
        String sources,

        @Setting(
                value = "true",
                doc =
                        "whether the images are also embedded with the current encoder, to measure how much of the change is the encoder's",
                effect = Effect.NONE)
        boolean attribution,

        @Setting(
                value = "1000",
                doc =
                        "mean number of windows between false alarms, of all detectors together, for which thresholds are calibrated",
                effect = Effect.NONE)
        double expectedRun,

        @Setting(
                value = "-1",
                doc =
                        "version of the frozen encoder; -1 takes the newest one published when drift monitoring first starts",
                effect = Effect.NONE)
        long encoderVersion) {
    public DriftConfig {
        check(windowMillis >= 100, "drift.window-millis must be at least 100, but was %d", windowMillis);
        check(
                hopMillis >= 0 && hopMillis <= windowMillis && (hopMillis == 0 || windowMillis % hopMillis == 0),
                "drift.hop-millis must divide drift.window-millis (%d), or be 0, but was %d",
                windowMillis,
                hopMillis);
        check(graceMillis >= 0, "drift.grace-millis must not be negative, but was %d", graceMillis);
        check(leastImages >= 16, "drift.least-images must be at least 16, but was %d", leastImages);
        check(
                windowImages >= leastImages,
                "drift.window-images must be at least drift.least-images (%d), but was %d",
                leastImages,
                windowImages);
        check(
                referenceImages >= 2 * windowImages,
                "drift.reference-images must be at least twice drift.window-images (%d), but was %d",
                windowImages,
                referenceImages);
        check(sampleShare > 0 && sampleShare <= 1, "drift.sample-share must be in (0, 1], but was %s", sampleShare);
        check(
                expectedRun >= 10 && expectedRun <= 100_000,
                "drift.expected-run must be in [10, 100000], but was %s",
                expectedRun);
        check(encoderVersion >= -1, "drift.encoder-version must be at least -1, but was %d", encoderVersion);
    }

    /** Milliseconds from the beginning of a window to that of the next. */
    public long effectiveHopMillis() {
        return hopMillis == 0 ? windowMillis : hopMillis;
    }

    /** Sources that are watched by themselves. */
    public List<String> watchedSources() {
        return sources.isBlank()
                ? List.of()
                : Stream.of(sources.split(",", -1))
                        .map(String::strip)
                        .distinct()
                        .toList();
    }
}
