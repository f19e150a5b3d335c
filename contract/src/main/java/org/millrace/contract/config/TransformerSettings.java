package org.millrace.contract.config;

import java.util.List;
import org.millrace.contract.Check;

/** What {@link EncoderConfig} says of vision transformers only: choices, and which numbers go together. */
public final class TransformerSettings {
    /** Channels of a head of attention where {@code encoder.heads} is 0. */
    public static final int HEAD_CHANNELS = 64;

    static final int SMALLEST_PATCH = 4;
    private static final List<Integer> PATCHES = List.of(SMALLEST_PATCH, 8, 14, 16);
    private static final int REGISTERS = 4;

    private TransformerSettings() {}

    static void check(Architecture architecture, int height, int width, int patch, int registers, int heads) {
        Check.check(PATCHES.contains(patch), "encoder.patch must be 4, 8, 14 or 16, but was %d", patch);
        Check.check(
                height % patch == 0 && width % patch == 0,
                "encoder.height and encoder.width must be multiples of encoder.patch (%d), but were %d and %d",
                patch,
                height,
                width);
        Check.check(
                registers == 0 || registers == REGISTERS, "encoder.registers must be 0 or 4, but was %d", registers);
        Check.check(
                heads >= 0 && (heads == 0 || architecture.width() % heads == 0),
                "encoder.heads must be 0 or divide the width of %s (%d), but was %d",
                architecture.key(),
                architecture.width(),
                heads);
    }

    /** What a transformer's features are. */
    public enum Pool {
        /** The class token, normalised. */
        CLASS,
        /** The mean of the patches' normalised tokens. */
        MEAN;

        /** As the configuration has it. */
        public String key() {
            return RecordBinder.text(this);
        }
    }

    /** The position embeddings of a transformer. */
    public enum Positions {
        /** Parameters. */
        LEARNED,
        /** Fixed sines and cosines of row and column (Chen et al. 2021, arXiv:2104.02057, section 5). */
        SINE;

        /** As the configuration has it. */
        public String key() {
            return RecordBinder.text(this);
        }
    }

    /** The first layer of a transformer. */
    public enum PatchProjection {
        LEARNED,
        /** As it begins, at random or from a file. */
        FROZEN;

        /** As the configuration has it. */
        public String key() {
            return RecordBinder.text(this);
        }
    }
}
