package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.util.List;
import org.millrace.contract.config.Setting.Effect;

/** The step and what surrounds it. */
public record TrainerConfig(
        @Setting(
                value = "moco-v2",
                doc =
                        "`moco-v1`, `moco-v2`, `moco-v3`, `simclr`, `byol`, `amdim`, `memory-bank` (InstDisc), `end-to-end` (the batch is the dictionary) or `distill` (another encoder is the teacher)",
                effect = Effect.STRUCTURE)
        Method objective,

        @Setting(
                value = "false",
                doc =
                        "moco-v1, moco-v2, end-to-end: both views are query and key in turn; MoCo's keys enter after both losses",
                effect = Effect.STRUCTURE)
        boolean symmetric,

        @Setting(
                value = "fp32",
                doc =
                        "forward passes of the networks in `fp32`, `bf16` or `fp16` (with dynamic loss scaling); losses, weights, optimiser, keys and checkpoints are float32 in each",
                effect = Effect.STRUCTURE)
        Precision precision,

        @Setting(
                value = "ordinary",
                doc =
                        "batch norm while training: `ordinary`, `split` (separately on each of batch-norm-splits virtual devices) or `shuffle` (split, with the keys shuffled)",
                effect = Effect.NUMBERS)
        BatchNorm batchNorm,

        @Setting(
                value = "8",
                doc =
                        "virtual devices of batch norm, at least 2; trainer.batch-size / trainer.accumulate must be a multiple",
                effect = Effect.NUMBERS)
        int batchNormSplits,

        @Setting(
                value = "",
                doc =
                        "devices that share the encoding of shuffled keys, comma-separated, such as `gpu:0,gpu:1`: as many as batch-norm-splits; blank: run.device for all",
                effect = Effect.NUMBERS)
        String keyDevices,

        @Setting(value = "128", doc = "images of a step", effect = Effect.STRUCTURE)
        int batchSize,

        @Setting(
                value = "1",
                doc =
                        "equal parts in which a step's batch goes through the networks, one after another, to save memory: their gradients are summed, and batch norm's statistics are a part's. moco-v1, moco-v2, byol; for others 1",
                effect = Effect.STRUCTURE)
        int accumulate,

        @Setting(
                value = "2",
                doc = "prepared batches that may wait for the step; fetching pauses when they do",
                effect = Effect.NUMBERS)
        int prefetchBatches,

        @Setting(
                value = "0",
                doc =
                        "threads that fetch claim-check files, decode images and make views; 0 takes every core. Results do not depend on it",
                effect = Effect.NONE)
        int prepareThreads,

        @Setting(value = "200", doc = "steps between checkpoints", effect = Effect.NONE)
        int checkpointEverySteps,

        @Setting(value = "3", doc = "checkpoints kept", effect = Effect.NONE)
        int checkpointsKept,

        @Setting(
                value = "20",
                doc =
                        "steps between digests of the run's state in the journal, which millrace replay compares; 0 is none",
                effect = Effect.NONE)
        int digestEverySteps,

        @Setting(
                value = "50",
                doc =
                        "steps between measures of health without labels in the journal: of the batch's projections, and of the dictionary; 0 is none",
                effect = Effect.NONE)
        int healthEverySteps,

        @Setting(
                value = "fail",
                doc =
                        "what to do when the next images are gone (retention, a recreated topic): `fail` and name the choice, or `skip` them and record that in the journal",
                effect = Effect.NONE)
        OnGap onGap,

        @Setting(value = "400", doc = "steps between published encoders", effect = Effect.NONE)
        int publishEverySteps,

        @Setting(value = "5", doc = "published encoders kept on the topic, besides the first", effect = Effect.NONE)
        int encodersKept) {
    public TrainerConfig {
        check(batchSize >= 2, "trainer.batch-size must be at least 2, but was %d", batchSize);
        check(batchNormSplits >= 2, "trainer.batch-norm-splits must be at least 2, but was %d", batchNormSplits);
        check(accumulate >= 1, "trainer.accumulate must be at least 1, but was %d", accumulate);
        check(
                batchSize % accumulate == 0,
                "trainer.batch-size must be a multiple of trainer.accumulate (%d), but was %d",
                accumulate,
                batchSize);
        int part = batchSize / accumulate;
        String whole = accumulate == 1 ? "trainer.batch-size" : "trainer.batch-size / trainer.accumulate";
        check(part >= 2, "%s must be at least 2, but was %d: one image has no statistics", whole, part);
        check(
                batchNorm == BatchNorm.ORDINARY || part % batchNormSplits == 0,
                "%s must be a multiple of trainer.batch-norm-splits (%d), but was %d",
                whole,
                batchNormSplits,
                part);
        check(
                batchNorm == BatchNorm.ORDINARY || part / batchNormSplits >= 2,
                "%s must be at least twice trainer.batch-norm-splits (%d), but was %d: one image has no statistics",
                whole,
                batchNormSplits,
                part);
        check(
                keyDevices.isBlank() || keyDevices.matches("(cpu|gpu(:\\d+)?)(,(cpu|gpu(:\\d+)?))+"),
                "trainer.key-devices must be two or more of cpu, gpu, gpu:i with commas, or blank, but was '%s'",
                keyDevices);
        check(prefetchBatches >= 1, "trainer.prefetch-batches must be at least 1, but was %d", prefetchBatches);
        check(prepareThreads >= 0, "trainer.prepare-threads must not be negative, but was %d", prepareThreads);
        check(
                checkpointEverySteps >= 1,
                "trainer.checkpoint-every-steps must be at least 1, but was %d",
                checkpointEverySteps);
        check(checkpointsKept >= 1, "trainer.checkpoints-kept must be at least 1, but was %d", checkpointsKept);
        check(digestEverySteps >= 0, "trainer.digest-every-steps must not be negative, but was %d", digestEverySteps);
        check(healthEverySteps >= 0, "trainer.health-every-steps must not be negative, but was %d", healthEverySteps);
        check(publishEverySteps >= 1, "trainer.publish-every-steps must be at least 1, but was %d", publishEverySteps);
        check(encodersKept >= 1, "trainer.encoders-kept must be at least 1, but was %d", encodersKept);
    }

    /** The devices that share the encoding of keys; empty where the run's own does it alone. */
    public List<String> keyDeviceNames() {
        return keyDevices.isBlank() ? List.of() : List.of(keyDevices.split(",", -1));
    }

    public int effectivePrepareThreads() {
        return prepareThreads > 0 ? prepareThreads : Runtime.getRuntime().availableProcessors();
    }

    /** The objective by name; the objectives themselves are sealed alternatives of the trainer. */
    public enum Method {
        MOCO_V1(Remembers.KEYS),
        MOCO_V2(Remembers.KEYS),
        MOCO_V3(Remembers.NOTHING),
        SIMCLR(Remembers.NOTHING),
        BYOL(Remembers.NOTHING),
        AMDIM(Remembers.NOTHING),
        MEMORY_BANK(Remembers.ROWS),
        END_TO_END(Remembers.NOTHING),
        DISTILL(Remembers.NOTHING);

        private final Remembers remembers;

        Method(Remembers remembers) {
            this.remembers = remembers;
        }

        /** What it keeps of past images. */
        public Remembers remembers() {
            return remembers;
        }
    }

    /** What happens where images that a run stands before are gone. */
    public enum OnGap {
        FAIL,
        SKIP
    }

    /** What an objective keeps of past images: nothing, a log of their keys, or a row for each image id. */
    public enum Remembers {
        NOTHING,
        KEYS,
        ROWS
    }

    /** Which images batch norm takes its statistics over while training. */
    public enum BatchNorm {
        ORDINARY,
        SPLIT,
        SHUFFLE
    }
}
