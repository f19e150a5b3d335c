package org.millrace.evaluator.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** Against figures computed by hand. */
class AccuracyMatrixTest {
    @Test
    void figures_threeBuckets_asByHand() {
        AccuracyMatrix matrix =
                new AccuracyMatrix(List.of(row(0.8, 0.3, 0.2), row(0.6, 0.9, 0.4), row(0.5, 0.7, 0.85)));
        assertThat(matrix.average(1).getAsDouble()).isCloseTo(0.8, within(1e-12));
        assertThat(matrix.average(2).getAsDouble()).isCloseTo(0.75, within(1e-12)); // (.6 + .9) / 2
        assertThat(matrix.finalAverage().getAsDouble()).isCloseTo(2.05 / 3, within(1e-12));
        assertThat(matrix.averageOverTime().getAsDouble()).isCloseTo((0.8 + 0.75 + 2.05 / 3) / 3, within(1e-12));
        assertThat(matrix.forgetting().getAsDouble()).isCloseTo(0.25, within(1e-12)); // (.8 − .5 + .9 − .7) / 2
        assertThat(matrix.nextBucket().getAsDouble()).isCloseTo(0.35, within(1e-12)); // (.3 + .4) / 2
    }

    @Test
    void figures_twoOfThreeBucketsEnded_ofThoseTwo() {
        AccuracyMatrix matrix = new AccuracyMatrix(List.of(row(0.8, 0.3, 0.2), row(0.9, 0.9, 0.4)));
        assertThat(matrix.ended()).isEqualTo(2);
        assertThat(matrix.finalAverage().getAsDouble()).isCloseTo(0.9, within(1e-12));
        assertThat(matrix.forgetting().getAsDouble()).as("better than before").isCloseTo(-0.1, within(1e-12));
        assertThat(matrix.nextBucket().getAsDouble()).isCloseTo(0.35, within(1e-12));
    }

    @Test
    void figures_cellNotMeasured_onlyWhatNeedsItIsAbsent() {
        OptionalDouble none = OptionalDouble.empty();
        AccuracyMatrix matrix = new AccuracyMatrix(List.of(
                List.of(OptionalDouble.of(0.8), none), List.of(OptionalDouble.of(0.6), OptionalDouble.of(0.4))));
        assertThat(matrix.nextBucket()).isEmpty();
        assertThat(matrix.forgetting().getAsDouble()).isCloseTo(0.2, within(1e-12));
        AccuracyMatrix noDiagonal = new AccuracyMatrix(List.of(List.of(none, none), row(0.6, 0.4)));
        assertThat(noDiagonal.forgetting()).isEmpty();
        assertThat(noDiagonal.averageOverTime()).isEmpty();
        assertThat(noDiagonal.finalAverage().getAsDouble()).isCloseTo(0.5, within(1e-12));
    }

    @Test
    void figures_oneBucketOrNone_nothingForgotten() {
        AccuracyMatrix one = new AccuracyMatrix(List.of(row(0.8, 0.3)));
        assertThat(one.forgetting()).isEmpty();
        assertThat(one.finalAverage()).hasValue(0.8);
        assertThat(one.nextBucket()).hasValue(0.3);
        AccuracyMatrix none = new AccuracyMatrix(List.of());
        assertThat(none.finalAverage()).isEmpty();
        assertThat(none.averageOverTime()).isEmpty();
        assertThat(none.nextBucket()).isEmpty();
    }

    private static List<OptionalDouble> row(double... values) {
        return DoubleStream.of(values).mapToObj(OptionalDouble::of).toList();
    }
}
