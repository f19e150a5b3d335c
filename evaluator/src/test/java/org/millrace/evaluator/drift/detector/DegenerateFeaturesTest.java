package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.numerics.FeatureMatrix;

/** Features that no healthy encoder makes of healthy images, but which come: no detector throws, each answer is a number. */
class DegenerateFeaturesTest {
    private static final int REFERENCE = 64;
    private static final int WINDOW = 16;

    /** How the rows come about. */
    enum Kind {
        HEALTHY,
        ONE_IMAGE,
        ZERO,
        ALMOST_ONE_IMAGE,
        ONE_IMAGE_AND_AN_OUTLIER,
        TWO_IMAGES,
        CONSTANT_COLUMNS,
        ONE_DIRECTION,
        HUGE,
        TINY,
        HUGE_AND_TINY
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 40})
    void test_everyKindAgainstEveryKind_answersInNumbers(int columns) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<Kind, FeatureMatrix> windows = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            windows.put(kind, rows(kind, WINDOW, columns, random));
        }
        FeatureMatrix healthy = rows(Kind.HEALTHY, WINDOW, columns, random);
        for (Kind kind : Kind.values()) {
            FeatureMatrix reference = rows(kind, REFERENCE, columns, random);
            var detectors = new ReferenceDetectors(reference, 100, seed);
            windows.forEach((other, window) -> {
                String what = "seed " + seed + ", " + other + " against " + kind;
                List<Detection> found = detectors.test(window, 1, OptionalDouble.of(0));
                assertThat(found).as(what).hasSize(5).allSatisfy(detection -> {
                    assertThat(detection.score()).isFinite();
                    assertThat(detection.threshold()).isFinite();
                    assertThat(detection.pValue().orElse(0.5)).isBetween(0.0, 1.0);
                });
                assertThat(detectors.stability(window)).as(what).isFinite();
                detectors
                        .attribution(window, healthy, 9, true)
                        .ifPresent(change ->
                                assertThat(change.imageShare()).as(what).isBetween(0.0, 1.0));
            });
        }
    }

    @Test
    void problem_mostPairsAlike_isOneAndOthersAreNone() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Kind> unusable = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            Usability.problem(rows(kind, REFERENCE, 8, random)).ifPresent(why -> unusable.add(kind));
        }
        assertThat(unusable)
                .as("seed " + seed)
                .containsExactly(Kind.ONE_IMAGE, Kind.ZERO, Kind.ALMOST_ONE_IMAGE, Kind.ONE_IMAGE_AND_AN_OUTLIER);
    }

    @Test
    void test_frozenCameraAgainstAHealthyReference_alarms() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        var detectors = new ReferenceDetectors(rows(Kind.HEALTHY, 256, 8, random), 100, seed);
        assertThat(detectors.test(rows(Kind.ONE_IMAGE, 64, 8, random), 1, OptionalDouble.of(0)))
                .as("seed " + seed)
                .anyMatch(Detection::alarm);
    }

    private static FeatureMatrix rows(Kind kind, int rows, int columns, Random random) {
        double[] values = new double[rows * columns];
        for (int row = 0; row < rows; row++) {
            double along = random.nextGaussian();
            for (int column = 0; column < columns; column++) {
                double noise = random.nextGaussian();
                double fixed = Math.sin(column + 1);
                double value = switch (kind) {
                    case HEALTHY -> noise;
                    case ONE_IMAGE -> fixed;
                    case ZERO -> 0;
                    case ALMOST_ONE_IMAGE -> fixed * (1 + 1e-7 * noise);
                    case ONE_IMAGE_AND_AN_OUTLIER -> row == 3 ? fixed + 5 : fixed;
                    case TWO_IMAGES -> row % 2 == 0 ? fixed : -fixed;
                    case CONSTANT_COLUMNS -> column % 2 == 0 ? noise : fixed;
                    case ONE_DIRECTION -> along * fixed;
                    case HUGE -> 0x1p50 * Math.tanh(noise);
                    case TINY -> Float.MIN_NORMAL * noise;
                    case HUGE_AND_TINY -> row % 2 == 0 ? 0x1p50 * Math.tanh(noise) : Float.MIN_NORMAL * noise;
                };
                values[row * columns + column] = (float) value;
            }
        }
        return new FeatureMatrix(rows, columns, values);
    }
}
