package org.millrace.evaluator.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.ejml.data.DMatrixRMaj;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.Centred;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class LinearCkaTest {
    @Test
    void values_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_linear_cka");
        FeatureMatrix x = matrix(vector, "X");
        FeatureMatrix y = matrix(vector, "Y");
        vector.check("cka", LinearCka.biased(x, y).orElseThrow());
        vector.check("cka_uncentred", LinearCka.normalised(wrap(x), wrap(y)));
        vector.check("cka_self", LinearCka.biased(x, x).orElseThrow());
        vector.check("cka_debiased", LinearCka.debiased(x, y).orElseThrow());
        vector.check("hsic_unbiased", LinearCka.unbiasedHsic(Centred.of(x), Centred.of(y)));
        vector.allChecked();
    }

    @ParameterizedTest
    @CsvSource({"4,3,5", "33,8,6", "20,50,31", "101,1,2"})
    void values_ofRandomFeatures_agreeWithKernelMatrices(int rows, int columnsX, int columnsY) {
        Random random = RandomMatrices.random(8100 + rows);
        FeatureMatrix x = RandomMatrices.mixed(random, rows, columnsX);
        FeatureMatrix y = RandomMatrices.mixed(random, rows, columnsY);
        double xx = slowHsic(x, x);
        double yy = slowHsic(y, y);
        double expected = slowHsic(x, y) / Math.sqrt(xx * yy);
        assertThat(LinearCka.debiased(x, y).orElseThrow()).isCloseTo(expected, within(1e-8));
        assertThat(LinearCka.debiased(x, x).orElseThrow()).isCloseTo(1, within(1e-12));
    }

    @Test
    void debiased_ofIndependentFeatures_isNearZeroWhereBiasedIsNot() {
        Random random = RandomMatrices.random(8200);
        FeatureMatrix x = RandomMatrices.gaussian(random, 100, 512);
        FeatureMatrix y = RandomMatrices.gaussian(random, 100, 512);
        assertThat(LinearCka.biased(x, y).orElseThrow()).isCloseTo(0.83, within(0.02));
        assertThat(LinearCka.debiased(x, y).orElseThrow()).isCloseTo(0, within(0.05));
    }

    @Test
    void values_ofConstantFeatures_areEmpty() {
        FeatureMatrix x = RandomMatrices.gaussian(new Random(1), 12, 3);
        FeatureMatrix constant = RandomMatrices.constant(12, 4);
        assertThat(LinearCka.debiased(x, constant)).isEmpty();
        assertThat(LinearCka.debiased(constant, constant)).isEmpty();
        assertThat(LinearCka.biased(constant, x)).isEmpty();
    }

    @Test
    void values_ofBadFeatures_sayWhatIsWrong() {
        FeatureMatrix three = RandomMatrices.gaussian(new Random(1), 3, 3);
        FeatureMatrix five = RandomMatrices.gaussian(new Random(1), 5, 3);
        assertThatThrownBy(() -> LinearCka.debiased(three, three))
                .hasMessage("not enough features for debiased CKA: it needs at least 4 rows, but got 3");
        assertThatThrownBy(() -> LinearCka.debiased(three, five))
                .hasMessage("debiased CKA compares the same images row by row, but got 3 rows and 5");
        assertThatThrownBy(() -> LinearCka.debiased(five, RandomMatrices.with(five, 3, Double.NaN)))
                .hasMessageContaining("finite");
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES) // only the slow formula takes that long
    void debiased_ofTenThousandImages_isComputed() {
        Random random = RandomMatrices.random(11_104);
        FeatureMatrix x = RandomMatrices.gaussian(random, 10_000, 512);
        FeatureMatrix y = RandomMatrices.gaussian(random, 10_000, 512);
        long start = System.nanoTime();
        double cka = LinearCka.debiased(x, y).orElseThrow();
        System.out.printf("CKA %.1f s%n", (System.nanoTime() - start) / 1e9);
        assertThat(cka).isCloseTo(0, within(0.01));
    }

    /** Song et al.'s formula on whole kernel matrices of the features as they are. */
    private static double slowHsic(FeatureMatrix x, FeatureMatrix y) {
        int n = x.rows();
        double[][] k = kernel(x);
        double[][] l = kernel(y);
        double trace = 0;
        double sumK = 0;
        double sumL = 0;
        double product = 0;
        for (int i = 0; i < n; i++) {
            double rowK = 0;
            double rowL = 0;
            for (int j = 0; j < n; j++) {
                trace += k[i][j] * l[j][i];
                rowK += k[i][j];
                rowL += l[i][j];
            }
            sumK += rowK;
            sumL += rowL;
            product += rowK * rowL;
        }
        return (trace + sumK * sumL / ((n - 1.0) * (n - 2)) - 2.0 / (n - 2) * product) / (n * (n - 3.0));
    }

    private static double[][] kernel(FeatureMatrix x) {
        double[][] kernel = new double[x.rows()][x.rows()];
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.rows(); j++) {
                for (int d = 0; d < x.columns() && i != j; d++) {
                    kernel[i][j] += x.values()[i * x.columns() + d] * x.values()[j * x.columns() + d];
                }
            }
        }
        return kernel;
    }

    private static DMatrixRMaj wrap(FeatureMatrix x) {
        return DMatrixRMaj.wrap(x.rows(), x.columns(), x.values());
    }
}
