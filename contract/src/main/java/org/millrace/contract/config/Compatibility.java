package org.millrace.contract.config;

import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.config.TrainerConfig.Method;
import org.millrace.contract.config.TrainerConfig.Remembers;

/** Settings that are each legal and cannot work together, each with what to change. */
final class Compatibility {
    private final MillraceConfig config;
    private final List<String> problems = new ArrayList<>();

    private Compatibility(MillraceConfig config) {
        this.config = config;
    }

    static List<String> problems(MillraceConfig config) {
        var together = new Compatibility(config);
        together.memory();
        together.networks();
        together.parts();
        together.devices();
        together.schedules();
        together.rounds();
        together.guard();
        together.distillation();
        return together.problems;
    }

    private void memory() {
        int batch = config.trainer().batchSize();
        Method objective = config.trainer().objective();
        boolean dictionary = objective.remembers() == Remembers.KEYS;
        int keys = config.trainer().symmetric() ? 2 * batch : batch;
        check(
                !dictionary || config.moco().queueSize() >= keys,
                "moco.queue-size must be at least %d, the keys of a step (trainer.batch-size %d%s), but was %d",
                keys,
                batch,
                config.trainer().symmetric() ? ", symmetric" : "",
                config.moco().queueSize());
        check(
                config.replay().policy() == ReplayConfig.Policy.NONE
                        || config.replay().capacity() >= batch,
                "replay.capacity must be at least trainer.batch-size (%d), but was %d",
                batch,
                config.replay().capacity());
        check(
                config.replay().policy() != ReplayConfig.Policy.TWO_TIER || objective != Method.AMDIM,
                "replay.policy=two-tier compares the losses of single images, which trainer.objective=amdim does not have: set"
                        + " replay.policy=reservoir or min-red, or another objective");
        check(
                objective != Method.MEMORY_BANK || config.memoryBank().capacity() > batch,
                "memory-bank.capacity must be more than trainer.batch-size (%d), but was %d",
                batch,
                config.memoryBank().capacity());
        check(
                !config.trainer().symmetric() || dictionary || objective == Method.END_TO_END,
                "trainer.symmetric is for moco-v1, moco-v2 and end-to-end; %s has its own form: set trainer.symmetric=false",
                RecordBinder.text(objective));
        check(
                !config.moco().maskSegment() || dictionary,
                "moco.mask-segment is for the dictionary of moco-v1 and moco-v2; %s has none: set moco.mask-segment=false",
                RecordBinder.text(objective));
    }

    private void parts() {
        int parts = config.trainer().accumulate();
        Method objective = config.trainer().objective();
        String comparison = switch (objective) {
            case MOCO_V1, MOCO_V2, BYOL -> ""; // an image's loss does not depend on the batch's others
            case MOCO_V3 -> "the keys of the whole batch";
            case SIMCLR, AMDIM, END_TO_END -> "the other images of its whole batch";
            case MEMORY_BANK -> "the new images of its whole batch";
            case DISTILL -> "the mean of its whole batch";
        };
        check(
                parts == 1 || comparison.isEmpty(),
                "trainer.accumulate must be 1 for %s, which compares an image with %s, but was %d: choose a smaller trainer.batch-size,"
                        + " trainer.precision=bf16, or trainer.objective=moco-v1, moco-v2 or byol",
                RecordBinder.text(objective),
                comparison,
                parts);
    }

    private void networks() {
        boolean amdim = config.trainer().objective() == Method.AMDIM;
        boolean limited = config.encoder().architecture() == Architecture.AMDIM;
        check(
                !amdim || limited,
                "trainer.objective=amdim needs the encoder with limited receptive fields: set encoder.architecture=amdim, not %s",
                RecordBinder.text(config.encoder().architecture()));
        check(
                amdim || !limited,
                "encoder.architecture=amdim has no pooled features for the head of %s: set trainer.objective=amdim, or a resnet or vit",
                RecordBinder.text(config.trainer().objective()));
        check(
                !amdim || config.trainer().batchNorm() == TrainerConfig.BatchNorm.ORDINARY,
                "trainer.batch-norm must be ordinary for amdim, which has no keys of other batches, but was %s",
                RecordBinder.text(config.trainer().batchNorm()));
    }

    private void devices() {
        TrainerConfig trainer = config.trainer();
        int devices = trainer.keyDeviceNames().size();
        check(
                devices == 0
                        || (trainer.batchNorm() == TrainerConfig.BatchNorm.SHUFFLE
                                && trainer.batchNormSplits() == devices),
                "trainer.key-devices names %d devices: set trainer.batch-norm=shuffle and trainer.batch-norm-splits=%d, not %s and %d",
                devices,
                devices,
                RecordBinder.text(trainer.batchNorm()),
                trainer.batchNormSplits());
    }

    private void schedules() {
        long steps = config.optimiser().totalSteps();
        boolean moco = config.moco().momentumSchedule() == MomentumSchedule.COSINE;
        boolean byol = config.byol().momentumSchedule() == MomentumSchedule.COSINE;
        check(
                !(moco || byol) || steps > 0,
                "%s.momentum-schedule=cosine needs its last step in optimiser.total-steps, which was 0",
                moco ? "moco" : "byol");
    }

    // a slot's round is a function of the merged state and its images: nothing else may be carried from step to step
    private void rounds() {
        boolean one = !config.rounds().several();
        check(
                one || config.replay().policy() == ReplayConfig.Policy.NONE,
                "replay.policy must be none with rounds.slots=%d, but was %s: a replay buffer belongs to one trainer",
                config.rounds().slots(),
                RecordBinder.text(config.replay().policy()));
        check(
                one || config.stream().gate() == StreamConfig.Gate.NONE,
                "stream.gate must be none with rounds.slots=%d, but was %s: the gate judges a stream in its order",
                config.rounds().slots(),
                RecordBinder.text(config.stream().gate()));
        check(
                one
                        || (config.views().temporal() == ViewsConfig.Temporal.OFF
                                && !config.moco().maskSegment()),
                "views.temporal must be off and moco.mask-segment false with rounds.slots=%d: segments are found in a stream's order",
                config.rounds().slots());
        check(
                one || config.trainer().objective() != Method.MEMORY_BANK,
                "trainer.objective must not be memory-bank with rounds.slots=%d: its rows belong to one trainer",
                config.rounds().slots());
        check(
                one || config.trainer().precision() != Precision.FP16,
                "trainer.precision must be fp32 or bf16 with rounds.slots=%d, but was fp16: the scale of its loss would begin again with"
                        + " each round",
                config.rounds().slots());
        check(
                one || config.encoder().train() == Learning.ALL,
                "encoder.train must be all with rounds.slots=%d, but was %s: the topics of several trainers carry what learns, and not the"
                        + " encoder that the run began with",
                config.rounds().slots(),
                config.encoder().train().key());
    }

    private void guard() {
        String old = config.guard().oldProbe();
        check(
                !old.equals(config.images().topic())
                        && !old.equals(config.images().rejectedTopic()),
                "guard.old-probe must be a topic of labelled images, but was %s, which has the stream's images or its rejects",
                old);
        boolean average = config.guard().named() instanceof GuardTeacher.Average;
        check(
                !average || config.guard().halfLife(config.optimiser().totalSteps()) > 0,
                "guard.teacher=ema needs guard.half-life, in steps, where optimiser.total-steps is 0");
        check(
                !average || config.encoder().train() == Learning.ALL,
                "guard.teacher must not be ema with encoder.train=%s, where the encoder that it would average changes little: set initial"
                        + " or pinned:VERSION",
                config.encoder().train().key());
        check(
                !average || !config.rounds().several(),
                "guard.teacher must not be ema with rounds.slots=%d: each slot would have an average of its own; set initial or"
                        + " pinned:VERSION",
                config.rounds().slots());
    }

    private void distillation() {
        boolean distils = config.trainer().objective() == Method.DISTILL;
        check(
                !distils || !config.distill().teacher().isBlank(),
                "trainer.objective=distill needs the file of the encoder to learn from: set distill.teacher (millrace export writes one,"
                        + " millrace import reads other programs')");
        check(
                !distils || !config.rounds().several(),
                "trainer.objective must not be distill with rounds.slots=%d: nothing shows that every process reads the same teacher",
                config.rounds().slots());
    }

    private void check(boolean condition, String message, Object... arguments) {
        if (!condition) {
            problems.add(String.format(java.util.Locale.ROOT, message, arguments));
        }
    }
}
