package org.millrace.contract.config;

import java.util.Locale;

/** The arithmetic of a network's forward pass. Weights are float32 in each. */
public enum Precision {
    /** IEEE binary32 throughout. */
    FP32(24),
    /** Convolutions and linear layers in bfloat16: float32's range, 8 bits of significand. */
    BF16(8),
    /** Convolutions and linear layers in IEEE binary16: 11 bits of significand, nothing above 65,504. */
    FP16(11);

    private final int significandBits;

    Precision(int significandBits) {
        this.significandBits = significandBits;
    }

    /** The most by which rounding to the nearest moves a number, as a share of it: 2^−p for p bits of significand. */
    public double unitRoundoff() {
        return Math.scalb(1.0, -significandBits);
    }

    public boolean isHalf() {
        return this != FP32;
    }

    /** As the configuration has it. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
