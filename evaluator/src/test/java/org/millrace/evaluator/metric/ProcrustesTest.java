package org.millrace.evaluator.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Arrays;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;
import org.millrace.numerics.SlowSpectrum;

final class ProcrustesTest {
    @Test
    void values_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_procrustes");
        FeatureMatrix a = matrix(vector, "A");
        FeatureMatrix b = matrix(vector, "B");
        Procrustes procrustes = Procrustes.of(a, b);
        vector.check("nuclear_norm_centred", procrustes.nuclearNorm());
        vector.check("distance_normalised", procrustes.distance().orElseThrow());
        vector.check("disparity_scipy", disparity(procrustes));
        vector.check("distance_sq_centred_unscaled", squaredResidual(procrustes));
        vector.check("optimal_rotation_B_to_A", procrustes.rotation().data);
        vector.check("residual_sq_check", residual(a, b, procrustes.rotation()));
        vector.allChecked();
    }

    @ParameterizedTest
    @CsvSource({"30,5", "6,20", "12,12"})
    void values_ofRandomFeatures_agreeWithJacobiRotationsAndTheResidual(int rows, int columns) {
        Random random = RandomMatrices.random(9100 + rows);
        FeatureMatrix a = RandomMatrices.mixed(random, rows, columns);
        FeatureMatrix b = RandomMatrices.mixed(random, rows, columns);
        Procrustes procrustes = Procrustes.of(a, b);
        double nuclear =
                Arrays.stream(SlowSpectrum.singularValues(crossed(a, b))).sum();
        assertThat(procrustes.nuclearNorm()).isCloseTo(nuclear, within(1e-9 * nuclear));
        assertThat(squaredResidual(procrustes))
                .isCloseTo(residual(a, b, procrustes.rotation()), within(1e-9 * procrustes.squaredNormA()));
    }

    @Test
    void distance_ofTurnedShiftedAndScaledFeatures_isZero() {
        FeatureMatrix a = RandomMatrices.gaussian(RandomMatrices.random(9200), 25, 3);
        double[] values = new double[75];
        for (int row = 0; row < 25; row++) {
            values[row * 3] = 5 - 3 * a.values()[row * 3 + 2];
            values[row * 3 + 1] = 3 * a.values()[row * 3];
            values[row * 3 + 2] = 1 + 3 * a.values()[row * 3 + 1];
        }
        Procrustes procrustes = Procrustes.of(a, new FeatureMatrix(25, 3, values));
        assertThat(procrustes.distance().orElseThrow()).isCloseTo(0, within(1e-14));
    }

    @Test
    void distance_ofConstantFeatures_isEmpty() {
        Procrustes procrustes =
                Procrustes.of(RandomMatrices.gaussian(new Random(1), 9, 4), RandomMatrices.constant(9, 4));
        assertThat(procrustes.distance()).isEmpty();
    }

    @Test
    void of_badFeatures_saysWhatIsWrong() {
        FeatureMatrix a = RandomMatrices.gaussian(new Random(1), 5, 3);
        assertThatThrownBy(() -> Procrustes.of(a, RandomMatrices.gaussian(new Random(1), 5, 4)))
                .hasMessage("the Procrustes distance compares equally wide features, but got 3 columns and 4");
        assertThatThrownBy(() -> Procrustes.of(a, RandomMatrices.with(a, 1, Double.NaN)))
                .hasMessageContaining("finite");
        FeatureMatrix one = new FeatureMatrix(1, 3, new double[3]);
        assertThatThrownBy(() -> Procrustes.of(one, one)).hasMessageStartingWith("not enough features");
    }

    /** What is left of A's unit norm after the best scaling of B too, 1 − ρ². */
    private static double disparity(Procrustes procrustes) {
        double correlation =
                procrustes.nuclearNorm() / Math.sqrt(procrustes.squaredNormA() * procrustes.squaredNormB());
        return 1 - correlation * correlation;
    }

    /** ‖A‖² + ‖B‖² − 2‖AᵀB‖_*, which is ‖BR − A‖²_F. */
    private static double squaredResidual(Procrustes procrustes) {
        return procrustes.squaredNormA() + procrustes.squaredNormB() - 2 * procrustes.nuclearNorm();
    }

    /** AᵀB of the centred matrices. */
    private static FeatureMatrix crossed(FeatureMatrix a, FeatureMatrix b) {
        double[] x = SlowSpectrum.centred(a).values();
        double[] y = SlowSpectrum.centred(b).values();
        int d = a.columns();
        double[] product = new double[d * d];
        for (int row = 0; row < a.rows(); row++) {
            for (int i = 0; i < d * d; i++) {
                product[i] += x[row * d + i / d] * y[row * d + i % d];
            }
        }
        return new FeatureMatrix(d, d, product);
    }

    /** ‖BR − A‖²_F of the centred matrices. */
    private static double residual(FeatureMatrix a, FeatureMatrix b, DMatrixRMaj rotation) {
        double[] x = SlowSpectrum.centred(a).values();
        double[] y = SlowSpectrum.centred(b).values();
        int d = a.columns();
        double squares = 0;
        for (int i = 0; i < x.length; i++) {
            double turned = 0;
            for (int j = 0; j < d; j++) {
                turned += y[i / d * d + j] * rotation.get(j, i % d);
            }
            squares += (turned - x[i]) * (turned - x[i]);
        }
        return squares;
    }
}
