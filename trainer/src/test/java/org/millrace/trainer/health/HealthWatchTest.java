package org.millrace.trainer.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.DictionaryHealth.Ages;
import org.millrace.contract.event.DictionaryHealth.Consistency;
import org.millrace.contract.event.StepHealth;
import org.millrace.keystore.Memory;
import org.millrace.trainer.Learner;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.stream.StageClock;

/** On a learner with real networks: images of noise in batches of 8, a dictionary of 20 keys. */
final class HealthWatchTest {
    private static final String[] STILL = {"optimiser.learning-rate=0", "trainer.health-every-steps=4"};
    private static final String[] MOVING = {"optimiser.learning-rate=0.1", "trainer.health-every-steps=4"};

    @Test
    void after_everyFourthStep_agesOfTheKeysInTheDictionary() {
        List<Optional<StepHealth>> steps = train(8, STILL);
        assertThat(steps)
                .map(Optional::isPresent)
                .containsExactly(false, false, false, true, false, false, false, true);
        // 4 keys of step 2, 8 of step 3, 8 of step 4
        DictionaryHealth health = steps.get(3).orElseThrow().dictionary().orElseThrow();
        assertThat(health.keys()).isEqualTo(20);
        assertThat(health.ages()).isEqualTo(new Ages(0.8, 1, 2));
    }

    /** A batch is encoded again as a whole and in its order, so its statistics are the same, and so are its keys. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "trainer.objective=moco-v1",
                "trainer.objective=moco-v2",
                "trainer.symmetric=true moco.queue-size=40",
                "trainer.batch-norm=split trainer.batch-norm-splits=2",
                "trainer.batch-norm=shuffle trainer.batch-norm-splits=4",
                "trainer.batch-norm=shuffle trainer.batch-norm-splits=2 trainer.key-devices=cpu,cpu",
                "trainer.objective=memory-bank memory-bank.capacity=20 memory-bank.negatives=12",
            })
    void consistency_unchangedEncoder_isOne(String form) {
        Consistency consistency = last(train(8, with(STILL, form.split(" "))));
        assertThat(consistency.cosine()).isCloseTo(1, within(1e-4));
        assertThat(consistency.keys()).isEqualTo(TestRuns.BATCH);
        assertThat(consistency.age()).isBetween(1L, 2L);
    }

    @Test
    void consistency_encoderThatMoves_fallsWithTheMomentum() {
        double still = last(train(8, with(MOVING, "moco.momentum=0.999999999"))).cosine();
        double slow = last(train(8, with(MOVING, "moco.momentum=0.99"))).cosine();
        double fast = last(train(8, with(MOVING, "moco.momentum=0.5"))).cosine();
        System.out.println("consistency at momentum 1: " + still + ", .99: " + slow + ", .5: " + fast);
        assertThat(still).isCloseTo(1, within(1e-4));
        assertThat(slow).isLessThan(still);
        assertThat(fast).isLessThan(slow - 0.001);
    }

    @Test
    void consistency_rowsWrittenAnew_notEnough() {
        MillraceConfig config =
                TestRuns.config(with(STILL, "trainer.objective=memory-bank", "memory-bank.capacity=20"));
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), memory)) {
            train(learner, config, 1, 7); // the last one's views are kept
            DictionaryHealth health = step(learner, config, 8, TestRuns.images(7))
                    .flatMap(StepHealth::dictionary)
                    .orElseThrow();
            assertThat(health.keys()).isEqualTo(20);
            assertThat(health.consistency()).isEmpty();
        }
    }

    @Test
    void after_restart_agesAtOnce_consistencyWhenThereAreViewsAgain() {
        MillraceConfig config = TestRuns.config(STILL);
        try (Memory memory = TestRuns.memory(config)) {
            try (Learner first = new Learner(config, TestRuns.torch(), memory)) {
                train(first, config, 1, 6);
            }
            try (Learner second = new Learner(config, TestRuns.torch(), memory)) {
                List<Optional<StepHealth>> steps = train(second, config, 7, 12);
                DictionaryHealth early = steps.get(1).orElseThrow().dictionary().orElseThrow();
                assertThat(early.ages()).isEqualTo(new Ages(0.8, 1, 2));
                assertThat(early.consistency()).isEmpty();
                assertThat(last(steps).cosine()).isCloseTo(1, within(1e-4));
            }
        }
    }

    @Test
    void after_objectives_measureWhatTheyHave() {
        StepHealth simclr =
                train(4, with(STILL, "trainer.objective=simclr")).get(3).orElseThrow();
        assertThat(simclr.dictionary()).isEmpty();
        assertThat(simclr.alignment().orElseThrow()).isBetween(0.0, 4.0);
        var projections = simclr.projections().orElseThrow();
        assertThat(projections.images()).isEqualTo(TestRuns.BATCH);
        assertThat(projections.dimensions()).isEqualTo(16);
        assertThat(projections.rankMe()).isBetween(1.0, 8.01);
        assertThat(projections.uniformity()).isNegative();

        StepHealth bank = train(4, with(STILL, "trainer.objective=memory-bank", "memory-bank.capacity=20"))
                .get(3)
                .orElseThrow();
        assertThat(bank.alignment()).isEmpty();
        assertThat(bank.projections()).isPresent();
    }

    @Test
    void after_switchedOff_measuresNothing() {
        assertThat(train(4, with(STILL, "trainer.health-every-steps=0"))).allMatch(Optional::isEmpty);
    }

    private static Consistency last(List<Optional<StepHealth>> steps) {
        return steps.get(steps.size() - 1)
                .flatMap(StepHealth::dictionary)
                .flatMap(DictionaryHealth::consistency)
                .orElseThrow();
    }

    private static String[] with(String[] settings, String... more) {
        return Stream.of(settings, more).flatMap(Stream::of).toArray(String[]::new);
    }

    private static List<Optional<StepHealth>> train(int steps, String... settings) {
        MillraceConfig config = TestRuns.config(settings);
        try (Memory memory = TestRuns.memory(config);
                Learner learner = new Learner(config, TestRuns.torch(), memory)) {
            return train(learner, config, 1, steps);
        }
    }

    private static List<Optional<StepHealth>> train(Learner learner, MillraceConfig config, long from, long to) {
        List<Optional<StepHealth>> health = new ArrayList<>();
        for (long step = from; step <= to; step++) {
            health.add(step(learner, config, step, TestRuns.images(step)));
        }
        return health;
    }

    private static Optional<StepHealth> step(
            Learner learner, MillraceConfig config, long step, List<ImageOffset> images) {
        var clock = new StageClock(System::nanoTime);
        return learner.step(step, TestRuns.views(config, step), images, TestRuns.ids(images), clock)
                .health();
    }
}
