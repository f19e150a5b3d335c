package org.millrace.contract.config;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.UserException;

final class CompatibilityTest {
    /** Settings that are each legal, and what the refusal must say. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "trainer.batch-norm=split trainer.batch-size=100 | trainer.batch-size must be a multiple of trainer.batch-norm-splits (8), but was 100",
                "trainer.batch-norm=shuffle trainer.batch-size=8 | at least twice trainer.batch-norm-splits (8), but was 8: one image has no statistics",
                "trainer.accumulate=0 | trainer.accumulate must be at least 1, but was 0",
                "trainer.accumulate=3 | trainer.batch-size must be a multiple of trainer.accumulate (3), but was 128",
                "trainer.accumulate=128 | trainer.batch-size / trainer.accumulate must be at least 2, but was 1: one image has no statistics",
                "trainer.accumulate=32 trainer.batch-norm=split | trainer.batch-size / trainer.accumulate must be a multiple of trainer.batch-norm-splits (8), but was 4",
                "trainer.accumulate=16 trainer.batch-norm=shuffle | trainer.batch-size / trainer.accumulate must be at least twice trainer.batch-norm-splits (8), but was 8",
                "trainer.accumulate=2 trainer.objective=moco-v3 | trainer.accumulate must be 1 for moco-v3, which compares an image with the keys of the whole batch, but was 2: choose a smaller trainer.batch-size, trainer.precision=bf16, or trainer.objective=moco-v1, moco-v2 or byol",
                "trainer.accumulate=2 trainer.objective=simclr | must be 1 for simclr, which compares an image with the other images of its whole batch",
                "trainer.objective=distill | set distill.teacher",
                "trainer.objective=distill distill.teacher=t.safetensors rounds.slots=2 | must not be distill with rounds.slots=2",
                "trainer.accumulate=2 trainer.objective=distill distill.teacher=t.safetensors | must be 1 for distill, which compares an image with the mean of its whole batch",
                "trainer.accumulate=2 trainer.objective=end-to-end | must be 1 for end-to-end, which compares an image with the other images of its whole batch",
                "trainer.accumulate=2 trainer.objective=amdim encoder.architecture=amdim | must be 1 for amdim, which compares an image with the other images of its whole batch",
                "trainer.accumulate=2 trainer.objective=memory-bank | must be 1 for memory-bank, which compares an image with the new images of its whole batch",
                "moco.queue-size=100 | moco.queue-size must be at least 128, the keys of a step (trainer.batch-size 128), but was 100",
                "moco.queue-size=200 trainer.symmetric=true | moco.queue-size must be at least 256, the keys of a step (trainer.batch-size 128, symmetric), but was 200",
                "trainer.objective=byol trainer.symmetric=true | byol has its own form: set trainer.symmetric=false",
                "moco.mask-segment=true trainer.objective=moco-v3 | the dictionary of moco-v1 and moco-v2; moco-v3 has none: set moco.mask-segment=false",
                "trainer.objective=amdim | set encoder.architecture=amdim, not resnet20",
                "encoder.architecture=amdim | set trainer.objective=amdim, or a resnet",
                "encoder.architecture=vit-tiny trainer.objective=amdim | set encoder.architecture=amdim, not vit-tiny",
                "encoder.architecture=vit-tiny encoder.patch=5 | encoder.patch must be 4, 8, 14 or 16, but was 5",
                "encoder.architecture=vit-tiny encoder.patch=14 | must be multiples of encoder.patch (14), but were 32 and 32",
                "encoder.architecture=vit-tiny encoder.registers=2 | encoder.registers must be 0 or 4, but was 2",
                "encoder.architecture=vit-tiny encoder.heads=5 | encoder.heads must be 0 or divide the width of vit-tiny (192), but was 5",
                "encoder.architecture=vit-tiny encoder.norm=group | encoder.norm must be batch for vit-tiny, but was group",
                "trainer.objective=amdim encoder.architecture=amdim encoder.height=64 | encoder.height and encoder.width must be 32 for amdim",
                "trainer.objective=amdim encoder.architecture=amdim trainer.batch-norm=split | trainer.batch-norm must be ordinary for amdim",
                "trainer.objective=memory-bank memory-bank.capacity=128 | memory-bank.capacity must be more than trainer.batch-size (128), but was 128",
                "replay.policy=two-tier | replay.fresh-share must be at most 0.75 with replay.policy=two-tier, so that older images have a place in a batch, but was 1.0: set 0.25",
                "replay.policy=two-tier replay.fresh-share=0.25 replay.updates-per-batch=2 | replay.updates-per-batch must be 1 with replay.policy=two-tier",
                "replay.policy=two-tier replay.fresh-share=0.25 trainer.objective=amdim encoder.architecture=amdim | compares the losses of single images, which trainer.objective=amdim does not have",
                "replay.short-term-share=0.6 | replay.short-term-share must be in (0, 0.5], but was 0.6",
                "replay.share-rate=0.2 | replay.share-rate must be in [0, 0.1], but was 0.2",
                "moco.momentum-schedule=cosine | moco.momentum-schedule=cosine needs its last step in optimiser.total-steps, which was 0",
                "trainer.key-devices=gpu:0,gpu:1 | set trainer.batch-norm=shuffle and trainer.batch-norm-splits=2, not ordinary and 8",
                "optimiser.nesterov=true optimiser.method=lars | optimiser.nesterov needs optimiser.method=sgd",
                "optimiser.schedule=step | optimiser.milestones must name a step for the step schedule, but was empty",
                "optimiser.schedule=infinite | optimiser.total-steps must be more than optimiser.warmup-steps (100) for the infinite schedule, but was 0",
                "guard.old-probe=images | guard.old-probe must be a topic of labelled images, but was images",
                "optimiser.cool-from=10 | optimiser.cool-steps must be positive with optimiser.cool-from=10, but was 0",
            })
    void load_settingsThatCannotWork_saysWhatToChange(String assignments, String said) {
        var loader = new ConfigLoader().assignments(List.of(assignments.split(" ")));
        assertThatThrownBy(loader::load)
                .isInstanceOf(UserException.class)
                .hasMessageContaining("has 1 problem")
                .hasMessageContaining(said);
    }
}
