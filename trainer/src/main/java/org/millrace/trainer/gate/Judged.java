package org.millrace.trainer.gate;

import java.util.OptionalLong;

/**
 * An image that a gate has judged, for another gate to follow. Nobody changes the array.
 *
 * @param thumbnail empty where the policy does not look at images
 */
@SuppressWarnings("ArrayRecordComponent")
public record Judged(int partition, String source, byte[] thumbnail, Verdict verdict) {
    public boolean kept() {
        return verdict.kept();
    }

    /** The offset of its segment's first image in the partition; absent where segments are not looked for. */
    public OptionalLong segment() {
        return verdict.segment();
    }
}
