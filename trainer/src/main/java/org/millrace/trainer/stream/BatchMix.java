package org.millrace.trainer.stream;

/**
 * How many images of a batch are new and how many are drawn from the replay buffer.
 *
 * @param batchSize images of a batch
 * @param freshShare of new images, in (0, 1]
 */
record BatchMix(int batchSize, double freshShare) {
    /**
     * New images of the next batch: its share, at least one; all while the buffer lacks the others.
     *
     * @param available images in the buffer
     */
    int fresh(int available) {
        int fresh = Math.max(1, (int) Math.round(freshShare * batchSize));
        return available < batchSize - fresh ? batchSize : fresh;
    }

    /** Images drawn beside so many new ones. */
    int drawn(int fresh) {
        return batchSize - fresh;
    }
}
