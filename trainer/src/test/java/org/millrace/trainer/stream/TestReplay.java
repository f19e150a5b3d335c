package org.millrace.trainer.stream;

import org.millrace.contract.config.ReplayConfig;
import org.millrace.contract.config.ReplayConfig.LongTerm;
import org.millrace.contract.config.ReplayConfig.Policy;

/** Settings of replay buffers, and steps that have been trained. */
final class TestReplay {
    private TestReplay() {}

    /** A buffer without tiers. */
    static ReplayConfig config(Policy policy, int capacity, double featureRate) {
        return new ReplayConfig(policy, capacity, 1, 1, featureRate, LongTerm.RESERVOIR, 0.1, 0.01, 0);
    }

    /** A buffer of which a tenth is short-term. */
    static ReplayConfig twoTier(LongTerm longTerm, int capacity, double freshShare, double shareRate) {
        return new ReplayConfig(Policy.TWO_TIER, capacity, 1, freshShare, 0.5, longTerm, 0.1, shareRate, 0);
    }

    /** A step whose losses are not compared. */
    static TrainedStep trained(TrainedImages images) {
        return trained(images, 0);
    }

    /** A step whose first {@code fresh} images are fresh; each image's loss is the first number of its feature. */
    static TrainedStep trained(TrainedImages images, int fresh) {
        float[] losses = new float[images.images().size()];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = images.feature(i)[0];
        }
        return TrainedStep.of(images, losses, fresh);
    }
}
