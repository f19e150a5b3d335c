package org.millrace.trainer.stream;

import java.util.Map;

/**
 * How far a run has come in its stream after some step.
 *
 * @param nextOffsets of each partition of the topic images
 * @param leaderEpochs of the last image taken of each partition, where the broker reported one: they show whether the log before {@code nextOffsets} is
 *     still the same
 * @param imagesTrained images of the stream trained so far, each counted once
 * @param imagesRejected images refused so far
 */
public record StreamPosition(
        long step,
        Map<Integer, Long> nextOffsets,
        Map<Integer, Integer> leaderEpochs,
        long imagesTrained,
        long imagesRejected) {
    public static final StreamPosition START = new StreamPosition(0, Map.of(), Map.of(), 0, 0);

    public StreamPosition {
        nextOffsets = Map.copyOf(nextOffsets);
        leaderEpochs = Map.copyOf(leaderEpochs);
    }

    /** The same step, with the stream moved on. */
    public StreamPosition movedTo(Map<Integer, Long> offsets) {
        return new StreamPosition(step, offsets, Map.of(), imagesTrained, imagesRejected);
    }

    StreamPosition afterFresh(FreshBatch batch) {
        return new StreamPosition(
                step + 1,
                batch.nextOffsets(),
                batch.leaderEpochs(),
                imagesTrained + batch.images().size(),
                imagesRejected + batch.rejections().size());
    }

    StreamPosition afterReplay() {
        return new StreamPosition(step + 1, nextOffsets, leaderEpochs, imagesTrained, imagesRejected);
    }
}
