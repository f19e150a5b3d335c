package org.millrace.numerics.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class PowerLawTest {
    @Test
    void fits_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_alpha_req");
        FeatureMatrix features = matrix(vector, "X");
        double[] eigenvalues = Spectrum.of(features).centred().covarianceEigenvalues(features.rows());
        vector.check("eigenvalues", eigenvalues);
        PowerLaw all = PowerLaw.fit(eigenvalues, 0, eigenvalues.length, i -> 1);
        vector.check("alpha_ols_all", all.exponent());
        vector.check("intercept_ols_all", all.intercept());
        int from = vector.integer("range_start");
        int to = vector.integer("range_end");
        PowerLaw range = PowerLaw.fit(eigenvalues, from, to, i -> 1);
        vector.check("alpha_ols_range", range.exponent());
        vector.check("intercept_ols_range", range.intercept());
        PowerLaw weighted = PowerLaw.weighted(eigenvalues, from, to);
        vector.check("alpha_weighted_range", weighted.exponent());
        vector.check("intercept_weighted_range", weighted.intercept());
        vector.allChecked();
    }

    @Test
    void fits_ofRandomEigenvalues_agreeWithTheNormalEquations() {
        Random random = RandomMatrices.random(5100);
        double[] eigenvalues = random.doubles(30, 0.1, 9).toArray();
        double[] plain = normalEquations(eigenvalues, 4, 25, false);
        PowerLaw fit = PowerLaw.fit(eigenvalues, 4, 25, i -> 1);
        assertThat(fit.exponent()).isCloseTo(plain[0], within(1e-11));
        assertThat(fit.intercept()).isCloseTo(plain[1], within(1e-11));
        double[] weighted = normalEquations(eigenvalues, 4, 25, true);
        assertThat(PowerLaw.weighted(eigenvalues, 4, 25).exponent()).isCloseTo(weighted[0], within(1e-11));
    }

    @Test
    void fits_ofAnExactLaw_findIt() {
        double[] eigenvalues = IntStream.rangeClosed(1, 50)
                .mapToDouble(i -> 3 * Math.pow(i, -1.2))
                .toArray();
        PowerLaw law = PowerLaw.weighted(eigenvalues, 3, 50);
        assertThat(law.exponent()).isCloseTo(1.2, within(1e-12));
        assertThat(law.intercept()).isCloseTo(Math.log(3), within(1e-12));
    }

    @Test
    void fits_ofBadRangesOrZeros_sayWhatIsWrong() {
        double[] eigenvalues = {3, 2, 1, 0};
        assertThatThrownBy(() -> PowerLaw.weighted(eigenvalues, 2, 3))
                .hasMessage(
                        "not enough eigenvalues for a power law: it needs at least 2 in [0, 4), but the range was [2, 3)");
        assertThatThrownBy(() -> PowerLaw.fit(eigenvalues, 0, 5, i -> 1)).hasMessageContaining("[0, 5)");
        assertThatThrownBy(() -> PowerLaw.fit(eigenvalues, 1, 4, i -> 1))
                .hasMessage("eigenvalue 3 must be positive, but was 0.0");
        assertThatThrownBy(() -> PowerLaw.fit(new double[] {2, Double.NaN}, 0, 2, i -> 1))
                .hasMessage("eigenvalue 1 must be positive, but was NaN");
    }

    /** Exponent and intercept by Cramer's rule on the sums. */
    private static double[] normalEquations(double[] eigenvalues, int from, int to, boolean weighted) {
        double w = 0;
        double wx = 0;
        double wy = 0;
        double wxx = 0;
        double wxy = 0;
        for (int i = from; i < to; i++) {
            double weight = weighted ? 1.0 / (i + 1) : 1;
            double x = Math.log(i + 1);
            double y = Math.log(eigenvalues[i]);
            w += weight;
            wx += weight * x;
            wy += weight * y;
            wxx += weight * x * x;
            wxy += weight * x * y;
        }
        double determinant = w * wxx - wx * wx;
        return new double[] {-(w * wxy - wx * wy) / determinant, (wxx * wy - wx * wxy) / determinant};
    }
}
