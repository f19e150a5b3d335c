package org.millrace.trainer.gate;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What becomes of an image, and of what its source remembers.
 *
 * @param kept whether it is trained on
 * @param nullDistance to images long ago, where it was measured
 * @param sampled place among those that an older kept image takes, where it does
 * @param segment the offset of its segment's first image, where segments are looked for
 */
record Verdict(boolean kept, OptionalDouble nullDistance, OptionalInt sampled, OptionalLong segment) {
    /** Of an image that is not looked at. */
    static Verdict unseen(boolean kept) {
        return new Verdict(kept, OptionalDouble.empty(), OptionalInt.empty(), OptionalLong.empty());
    }
}
