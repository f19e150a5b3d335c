package org.millrace.numerics.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class FeatureSpreadTest {
    @Test
    void spread_ofVector_matchesReference() {
        ReferenceVector vector = ReferenceVector.load("metric_feature_std");
        double epsilon = vector.number("vicreg_eps");
        for (String name : List.of("Z", "Z_collapsing")) {
            FeatureMatrix features = matrix(vector, name);
            FeatureSpread unit = FeatureSpread.ofUnitRows(features);
            vector.check(name + "_std_unbiased", unit.perDimension());
            vector.check(name + "_mean_std_unbiased", unit.mean());
            double rows = features.rows();
            vector.check(name + "_mean_std_biased", unit.mean() * Math.sqrt((rows - 1) / rows));
            vector.check(name + "_collapse_level", Math.max(0, 1 - Math.sqrt(features.columns()) * unit.mean()));
            double hinge = Arrays.stream(FeatureSpread.of(features).perDimension())
                    .map(deviation -> Math.max(0, 1 - Math.sqrt(deviation * deviation + epsilon)))
                    .average()
                    .orElseThrow();
            vector.check(name + "_vicreg_variance_hinge", hinge);
        }
        vector.check(
                "reference_1_over_sqrt_d", HealthCheck.of(matrix(vector, "Z")).healthyStd());
        vector.allChecked();
    }

    @Test
    void perDimension_ofRandomFeatures_agreesWithSumsOfAllPairs() {
        FeatureMatrix features = RandomMatrices.mixed(RandomMatrices.random(6100), 37, 9);
        double[] actual = FeatureSpread.of(features).perDimension();
        for (int d = 0; d < 9; d++) {
            double squares = 0;
            for (int i = 0; i < 37; i++) {
                for (int j = 0; j < i; j++) {
                    double difference = features.values()[i * 9 + d] - features.values()[j * 9 + d];
                    squares += difference * difference;
                }
            }
            assertThat(actual[d]).isCloseTo(Math.sqrt(squares / (37 * 36)), within(1e-11));
        }
    }

    @Test
    void mean_ofManyIsotropicDirections_isOneOverRootD() {
        FeatureMatrix features = RandomMatrices.gaussian(RandomMatrices.random(6101), 5000, 128);
        FeatureSpread spread = FeatureSpread.ofUnitRows(features);
        assertThat(spread.mean()).isCloseTo(0.0884, within(2e-4));
    }

    @Test
    void mean_ofConstantFeatures_isZero() {
        FeatureSpread spread = FeatureSpread.ofUnitRows(RandomMatrices.constant(40, 7));
        assertThat(spread.mean()).isZero();
    }

    @Test
    void of_badFeatures_saysWhatIsWrong() {
        assertThatThrownBy(() -> FeatureSpread.ofUnitRows(new FeatureMatrix(1, 2, new double[2])))
                .hasMessage("not enough features for the spread: it needs at least 2 rows, but got 1");
        FeatureMatrix features = RandomMatrices.gaussian(new Random(1), 5, 3);
        assertThatThrownBy(() -> FeatureSpread.ofUnitRows(RandomMatrices.with(features, 2, Double.NaN)))
                .hasMessageContaining("finite");
    }
}
