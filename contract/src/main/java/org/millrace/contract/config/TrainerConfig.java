package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** The step and what surrounds it. */
public record TrainerConfig(
        @Setting(value = "moco-v2", doc = "`moco-v2` or `byol`")
        Method objective,

        @Setting(value = "128", doc = "images of a step") int batchSize,

        @Setting(value = "2", doc = "prepared batches that may wait for the step; fetching pauses when they do")
        int prefetchBatches,

        @Setting(value = "200", doc = "steps between checkpoints")
        int checkpointEverySteps,

        @Setting(value = "3", doc = "checkpoints kept") int checkpointsKept,

        @Setting(value = "400", doc = "steps between published encoders")
        int publishEverySteps,

        @Setting(value = "5", doc = "published encoders kept on the topic, besides the first")
        int encodersKept) {
    public TrainerConfig {
        check(batchSize >= 2, "trainer.batch-size must be at least 2, but was %d", batchSize);
        check(prefetchBatches >= 1, "trainer.prefetch-batches must be at least 1, but was %d", prefetchBatches);
        check(
                checkpointEverySteps >= 1,
                "trainer.checkpoint-every-steps must be at least 1, but was %d",
                checkpointEverySteps);
        check(checkpointsKept >= 1, "trainer.checkpoints-kept must be at least 1, but was %d", checkpointsKept);
        check(publishEverySteps >= 1, "trainer.publish-every-steps must be at least 1, but was %d", publishEverySteps);
        check(encodersKept >= 1, "trainer.encoders-kept must be at least 1, but was %d", encodersKept);
    }

    /** The objective by name; the objectives themselves are sealed alternatives of the trainer. */
    public enum Method {
        MOCO_V2,
        BYOL
    }
}
