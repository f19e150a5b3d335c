package org.millrace.trainer.optimiser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.vector.ReferenceVector;

/**
 * The vector's {@code mocov3_early_warmup_plus_one} is left out: a form of an early commit of MoCo v3, which its authors gave up for
 * {@code warmup_cosine}.
 */
final class LearningRateTest {
    private static final double EXACT = 1e-15;

    @Test
    void cosine_referenceVector_sameRates() {
        ReferenceVector vector = ReferenceVector.load("lr_schedules");
        check(
                vector,
                "warmup_cosine",
                "optimiser.schedule=cosine",
                "optimiser.total-steps=" + vector.parameter("total"),
                "optimiser.warmup-steps=" + vector.parameter("warmup"));
    }

    /** Up to its last step: past it the official code's cosine rises again, which its runs never reach, while ours stays at 0. */
    @Test
    void cosine_referenceVectorWithoutWarmup_sameRatesUpToTheEnd() {
        ReferenceVector vector = ReferenceVector.load("lr_schedules");
        double total = vector.number("total");
        LearningRate rate = rate(
                vector.parameter("batch_size").asInt(),
                "optimiser.learning-rate=" + vector.number("base_lr"),
                "optimiser.schedule=cosine",
                "optimiser.total-steps=" + vector.parameter("total"),
                "optimiser.warmup-steps=0");
        double[] steps = vector.doubles("steps");
        var expected =
                vector.root().path("expected").path("moco_cosine_no_warmup").path("data");
        for (int i = 0; i < steps.length; i++) {
            double wanted = steps[i] <= total ? expected.path(i).asDouble() : 0;
            assertThat(rate.at(steps[i])).as("step %s", steps[i]).isCloseTo(wanted, within(1e-12));
        }
    }

    @Test
    void step_referenceVector_sameRates() {
        ReferenceVector vector = ReferenceVector.load("lr_schedules");
        String milestones = StreamSupport.stream(vector.parameter("milestones").spliterator(), false)
                .map(milestone -> milestone.asText())
                .collect(Collectors.joining(","));
        check(
                vector,
                "moco_step",
                "optimiser.schedule=step",
                "optimiser.milestones=" + milestones,
                "optimiser.warmup-steps=0");
    }

    @Test
    void at_linearScaling_referenceVector_sameRate() {
        ReferenceVector vector = ReferenceVector.load("lr_schedules");
        int batch = vector.parameter("batch_size").asInt();
        LearningRate scaled =
                warm(batch, "optimiser.scaling=linear", "optimiser.learning-rate=" + vector.number("base_lr"));
        vector.check("linear_scaled_base_lr", scaled.at(1));
    }

    @Test
    void at_squareRootScaling_isRateTimesRootOfBatch() {
        assertThat(warm(4096, "optimiser.scaling=square-root", "optimiser.learning-rate=0.075")
                        .at(1))
                .isCloseTo(4.8, within(1e-12)); // Chen et al. 2020 (SimCLR), appendix B.1
    }

    @Test
    void infinite_risesFallsAndStays() {
        LearningRate rate = rate(
                256,
                "optimiser.schedule=infinite",
                "optimiser.learning-rate=0.1",
                "optimiser.warmup-steps=10",
                "optimiser.total-steps=110",
                "optimiser.constant-share=0.25");
        assertThat(rate.at(5)).isCloseTo(0.05, within(EXACT));
        assertThat(rate.at(10)).isCloseTo(0.1, within(EXACT));
        assertThat(rate.at(60)).isCloseTo((0.1 + 0.025) / 2, within(EXACT)); // half way down
        assertThat(rate.at(110)).isCloseTo(0.025, within(EXACT));
        assertThat(rate.at(1e9)).isEqualTo(rate.at(110));
    }

    @Test
    void at_branchFromAnySchedule_isTheTrunkUntilItsStepThenFallsLinearlyToZero() {
        for (String schedule : List.of("constant", "cosine", "step", "infinite")) {
            String[] trunk = {
                "optimiser.schedule=" + schedule,
                "optimiser.warmup-steps=10",
                "optimiser.total-steps=100",
                "optimiser.milestones=30"
            };
            String[] cooled = Arrays.copyOf(trunk, trunk.length + 2);
            cooled[trunk.length] = "optimiser.cool-from=40";
            cooled[trunk.length + 1] = "optimiser.cool-steps=8";
            LearningRate plain = rate(256, trunk);
            LearningRate branch = rate(256, cooled);
            for (long step = 1; step <= 40; step++) {
                assertThat(branch.at(step)).as("%s, step %d", schedule, step).isEqualTo(plain.at(step));
            }
            for (long step = 41; step <= 48; step++) {
                assertThat(branch.at(step))
                        .as("%s, step %d", schedule, step)
                        .isCloseTo(plain.at(40) * (48 - step) / 8, within(EXACT));
            }
            assertThat(branch.at(48)).isZero();
            assertThat(branch.at(1000)).isZero();
        }
    }

    private static void check(ReferenceVector vector, String output, String... assignments) {
        String[] all = Arrays.copyOf(assignments, assignments.length + 1);
        all[assignments.length] = "optimiser.learning-rate=" + vector.number("base_lr");
        LearningRate rate = rate(vector.parameter("batch_size").asInt(), all);
        vector.check(
                output, Arrays.stream(vector.doubles("steps")).map(rate::at).toArray());
    }

    private static LearningRate warm(int batchSize, String scaling, String learningRate) {
        return rate(batchSize, "optimiser.schedule=constant", "optimiser.warmup-steps=0", scaling, learningRate);
    }

    private static LearningRate rate(int batchSize, String... assignments) {
        return new LearningRate(
                new ConfigLoader().assignments(List.of(assignments)).load().optimiser(), batchSize);
    }
}
