package org.millrace.trainer.gate;

import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What becomes of an image, and of what its source remembers.
 *
 * @param kept whether it is trained on
 * @param nullDistance to images long ago, where it was measured
 * @param sampled place among those that an older kept image takes, where it does
 */
record Verdict(boolean kept, OptionalDouble nullDistance, OptionalInt sampled) {
    static final Verdict KEPT = new Verdict(true, OptionalDouble.empty(), OptionalInt.empty());
    static final Verdict SKIPPED = new Verdict(false, OptionalDouble.empty(), OptionalInt.empty());
}
