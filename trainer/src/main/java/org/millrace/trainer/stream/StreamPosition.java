package org.millrace.trainer.stream;

import java.util.Map;

/**
 * How far a run has come in its stream after some step.
 *
 * @param nextOffsets of each partition of the topic images
 * @param imagesTrained images of the stream trained so far, each counted once
 * @param imagesRejected images refused so far
 */
public record StreamPosition(long step, Map<Integer, Long> nextOffsets, long imagesTrained, long imagesRejected) {
    public static final StreamPosition START = new StreamPosition(0, Map.of(), 0, 0);

    public StreamPosition {
        nextOffsets = Map.copyOf(nextOffsets);
    }

    StreamPosition afterFresh(FreshBatch batch) {
        return new StreamPosition(
                step + 1,
                batch.nextOffsets(),
                imagesTrained + batch.images().size(),
                imagesRejected + batch.rejections().size());
    }

    StreamPosition afterReplay() {
        return new StreamPosition(step + 1, nextOffsets, imagesTrained, imagesRejected);
    }
}
