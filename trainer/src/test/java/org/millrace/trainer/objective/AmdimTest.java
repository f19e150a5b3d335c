package org.millrace.trainer.objective;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.FrozenEncoder;
import org.millrace.keystore.KeyStore;
import org.millrace.trainer.Learner;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.ViewBuffers;

final class AmdimTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void step_sameBatchAgainAndAgain_findsItsOwnImages(int mixture) {
        MillraceConfig config = TestRuns.config(
                "trainer.objective=amdim",
                "encoder.architecture=amdim",
                "encoder.height=32",
                "encoder.width=32",
                "encoder.channels=1",
                "encoder.amdim-channels=8",
                "encoder.amdim-features=32",
                "amdim.mixture=" + mixture,
                "optimiser.method=adamw",
                "optimiser.learning-rate=0.003");
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            ViewBuffers two = TestRuns.views(config, 1);
            ViewBuffers same =
                    new ViewBuffers(List.of(two.views().get(0), two.views().get(0))); // two views that agree
            Learner.Result first = step(learner, same, 1);
            Learner.Result last = first;
            for (long step = 2; step <= 40; step++) {
                last = step(learner, same, step);
            }
            System.out.println("mixture " + mixture + ": " + first.loss() + " → " + last.loss() + ", accuracy "
                    + first.accuracy() + " → " + last.accuracy());
            assertThat(last.loss()).isLessThan(0.7 * first.loss());
            assertThat(last.accuracy()).isGreaterThan(0.9);
            assertThat(last.features()).hasSize(TestRuns.BATCH * 32);
            try (var encoder = new FrozenEncoder(TestRuns.torch(), config.encoder(), learner.encoder())) {
                assertThat(encoder.features()).isEqualTo(32);
                assertThat(learner.encoder().names()).noneMatch(name -> name.startsWith("local5"));
                assertThatPlacesHaveScores(encoder);
            }
        }
    }

    private static void assertThatPlacesHaveScores(FrozenEncoder encoder) {
        List<float[]> images = List.of(noise(1), noise(2));
        List<float[]> maps = encoder.matchingMaps(images).orElseThrow();
        assertThat(maps).hasSize(2).allSatisfy(map -> assertThat(map).hasSize(49));
        assertThat(maps.get(0)).isNotEqualTo(maps.get(1));
    }

    private static float[] noise(long seed) {
        float[] values = new float[32 * 32];
        var random = new SplittableRandom(seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble();
        }
        return values;
    }

    @Test
    void locations_ofSteps_evenOverTheMapAndTheirOwn() {
        try (NDManager manager = TestRuns.torch().newManager()) {
            NDArray map = manager.zeros(new Shape(2_500, 1, 5, 5));
            int[] locations = Amdim.locations(3, 7, 0, map);
            int[] counts = new int[25];
            for (int location : locations) {
                counts[location]++;
            }
            for (int count : counts) {
                assertThat(count).isBetween(60, 140); // 100 ± 4 standard errors
            }
            assertThat(Amdim.locations(3, 7, 0, map)).isEqualTo(locations);
            assertThat(Amdim.locations(3, 7, 1, map)).isNotEqualTo(locations);
            assertThat(Amdim.locations(3, 8, 0, map)).isNotEqualTo(locations);
            assertThat(Amdim.locations(4, 7, 0, map)).isNotEqualTo(locations);
        }
    }

    private static Learner.Result step(Learner learner, ViewBuffers views, long step) {
        return learner.step(
                step,
                views,
                TestRuns.images(step),
                TestRuns.ids(TestRuns.images(step)),
                new StageClock(System::nanoTime));
    }
}
