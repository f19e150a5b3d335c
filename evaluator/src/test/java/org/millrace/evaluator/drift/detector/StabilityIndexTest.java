package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.RandomMatrices;

final class StabilityIndexTest {
    private static final double EPSILON = 1e-4;

    @Test
    void values_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_psi");
        double[] reference = vector.doubles("reference");
        double[] actual = vector.doubles("actual");
        double epsilon = vector.number("eps");
        StabilityIndex quantiles = StabilityIndex.ofQuantiles(reference, vector.integer("bins"));
        vector.check("quantile_inner_edges", quantiles.innerEdges());
        vector.check("quantile_counts_reference", doubles(quantiles.counts(reference)));
        vector.check("quantile_counts_actual", doubles(quantiles.counts(actual)));
        vector.check("quantile_psi", quantiles.between(reference, actual, epsilon));
        StabilityIndex fixed = new StabilityIndex(vector.doubles("fixed_inner_edges"));
        vector.check("fixed_counts_reference", doubles(fixed.counts(reference)));
        vector.check("fixed_counts_actual", doubles(fixed.counts(actual)));
        vector.check("fixed_psi", fixed.between(reference, actual, epsilon));
        vector.allChecked();
    }

    @Test
    void between_randomSamples_agreesWithCountsByHand() {
        Random random = RandomMatrices.random(14_100);
        double[] reference = random.doubles(200, -1, 1).toArray();
        double[] actual = random.doubles(150, -0.8, 1.4).toArray();
        double[] edges = {-0.5, 0, 0.9};
        double expected = 0;
        for (int bin = 0; bin < 4; bin++) {
            double from = bin == 0 ? Double.NEGATIVE_INFINITY : edges[bin - 1];
            double to = bin == 3 ? Double.POSITIVE_INFINITY : edges[bin];
            double r = Arrays.stream(reference).filter(v -> v >= from && v < to).count() / 200.0;
            double a = Arrays.stream(actual).filter(v -> v >= from && v < to).count() / 150.0;
            expected += (a - r) * (Math.log(a) - Math.log(r));
        }
        assertThat(new StabilityIndex(edges).between(reference, actual, EPSILON))
                .isCloseTo(expected, within(1e-12));
    }

    @Test
    void counts_onAnEdge_fallIntoTheBinThatItOpens() {
        assertThat(new StabilityIndex(1, 2).counts(new double[] {0.5, 1, 1.5, 2, 9}))
                .containsExactly(1, 2, 2);
    }

    @Test
    void ofQuantiles_ofAnEvenGrid_cutsEqualBins() {
        double[] grid = IntStream.rangeClosed(0, 100).mapToDouble(i -> i).toArray();
        StabilityIndex index = StabilityIndex.ofQuantiles(grid, 4);
        assertThat(index.innerEdges()).containsExactly(25, 50, 75);
        assertThat(index.between(grid, grid, EPSILON)).isZero();
    }

    @Test
    void between_constantSamples_isZeroUntilTheValueMoves() {
        double[] constant = {3, 3, 3, 3};
        StabilityIndex index = StabilityIndex.ofQuantiles(constant, 4);
        assertThat(index.between(constant, constant, EPSILON)).isZero();
        double moved = 2 * (1 - EPSILON) * Math.log(1 / EPSILON);
        assertThat(index.between(constant, new double[] {2, 2}, EPSILON)).isCloseTo(moved, within(1e-12));
    }

    @Test
    void of_badValues_saysWhatIsWrong() {
        assertThatThrownBy(() -> StabilityIndex.ofQuantiles(new double[] {1, 2}, 3))
                .hasMessage(
                        "not enough values for the quantiles of the stability index: it needs at least 3, but got 2");
        assertThatThrownBy(() -> StabilityIndex.ofQuantiles(new double[] {1, 2}, 1))
                .hasMessage("bins must be at least 2, but were 1");
        StabilityIndex index = new StabilityIndex(0);
        assertThatThrownBy(() -> index.between(new double[] {1}, new double[] {Double.NaN}, EPSILON))
                .hasMessage("the stability index: values must be finite, but one was NaN");
        assertThatThrownBy(() -> index.between(new double[0], new double[] {1}, EPSILON))
                .hasMessageStartingWith("not enough values");
        assertThatThrownBy(() -> index.between(new double[] {1}, new double[] {1}, 0))
                .hasMessage("epsilon must be positive, but was 0.0");
    }

    private static double[] doubles(int[] values) {
        return Arrays.stream(values).asDoubleStream().toArray();
    }
}
