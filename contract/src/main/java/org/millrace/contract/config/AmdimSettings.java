package org.millrace.contract.config;

import org.millrace.contract.Check;

/** What the encoder with limited receptive fields wants. */
final class AmdimSettings {
    private AmdimSettings() {}

    static void check(int height, int width, int channels, int features, int depth) {
        Check.check(
                height == 32 && width == 32,
                "encoder.height and encoder.width must be 32 for amdim, whose maps are 5×5 and 7×7, but were %d and %d",
                height,
                width);
        Check.check(channels >= 4, "encoder.amdim-channels must be at least 4, but was %d", channels);
        Check.check(
                features >= 4 * channels,
                "encoder.amdim-features must be at least 4 · encoder.amdim-channels (%d), but was %d",
                4 * channels,
                features);
        Check.check(depth >= 1, "encoder.amdim-depth must be at least 1, but was %d", depth);
    }
}
