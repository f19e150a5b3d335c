package org.millrace.trainer.stream;

/**
 * How many images of a batch are new and how many are drawn from the replay buffer, of either of its tiers.
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

    /**
     * Images of those drawn that come from the short-term tier: they fill the share that is meant for fresh images, and the places for
     * which the long-term tier has none yet.
     *
     * @param fresh new images in the batch
     * @param share meant for new and short-term images together
     * @param shortTerm images in that tier
     * @param longTerm images in the other
     */
    int shortTerm(int fresh, double share, int shortTerm, int longTerm) {
        int wanted = (int) Math.round(share * batchSize) - fresh;
        int lacking = drawn(fresh) - longTerm;
        return Math.min(shortTerm, Math.max(0, Math.max(wanted, lacking)));
    }
}
