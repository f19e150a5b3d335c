package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class FrechetToReferenceTest {
    private static final int DIMENSION = 12;

    @ParameterizedTest
    @ValueSource(ints = {2, 5, 12, 13, 40})
    void squared_ofMoreOrFewerRowsThanDimensions_isThatOfTwoGaussians(int rows) {
        Random random = RandomMatrices.random(12_200 + rows);
        FeatureMatrix reference = RandomMatrices.mixed(random, 90, DIMENSION);
        FeatureMatrix window = RandomMatrices.mixed(random, rows, DIMENSION);
        assertThat(new FrechetToReference(reference).squared(window))
                .isCloseTo(between(reference, window), within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 5, 12, 13, 40})
    void squaredOfPart_isThatOfTheRowsAndTheOthers(int rows) {
        Random random = RandomMatrices.random(12_300 + rows);
        FeatureMatrix all = RandomMatrices.mixed(random, 90, DIMENSION);
        FeatureMatrix part = all.select(IntStream.range(0, rows).toArray());
        FeatureMatrix others = all.select(IntStream.range(rows, 90).toArray());
        assertThat(new FrechetToReference(all)
                        .squaredOfPart(IntStream.range(0, rows).toArray()))
                .isCloseTo(between(others, part), within(1e-6));
    }

    private static double between(FeatureMatrix first, FeatureMatrix second) {
        return FrechetDistance.between(Gaussian.of(first), Gaussian.of(second)).squared();
    }
}
