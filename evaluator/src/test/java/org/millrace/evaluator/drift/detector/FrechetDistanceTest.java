package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class FrechetDistanceTest {
    @ParameterizedTest
    @ValueSource(strings = {"metric_frechet", "metric_frechet_singular"})
    void values_ofVector_matchReference(String name) {
        ReferenceVector vector = ReferenceVector.load(name);
        FeatureMatrix x = matrix(vector, "X");
        FeatureMatrix y = matrix(vector, "Y");
        Gaussian first = Gaussian.of(x);
        Gaussian second = Gaussian.of(y);
        vector.check("cov_X", first.covariance().data);
        vector.check("cov_Y", second.covariance().data);
        FrechetDistance distance = FrechetDistance.between(first, second);
        vector.check("mean_term", distance.meanTerm());
        vector.check("trace_sqrt", distance.traceOfRoot());
        vector.check("frechet_sq", distance.squared());
        vector.check("frechet", distance.distance());
        FrechetDistance biased = FrechetDistance.between(biased(first, x.rows()), biased(second, y.rows()));
        vector.check("frechet_sq_biased_cov", biased.squared());
        vector.allChecked();
    }

    @Test
    void between_randomSamples_agreesWithNewtonsRoot() {
        Random random = RandomMatrices.random(12_100);
        Gaussian x = Gaussian.of(RandomMatrices.mixed(random, 80, 5));
        Gaussian y = Gaussian.of(RandomMatrices.mixed(random, 70, 5));
        DMatrixRMaj root = newtonsRoot(CommonOps_DDRM.mult(x.covariance(), y.covariance(), null));
        FrechetDistance distance = FrechetDistance.between(x, y);
        assertThat(distance.traceOfRoot()).isCloseTo(CommonOps_DDRM.trace(root), within(1e-6));
        assertThat(FrechetDistance.between(y, x).squared()).isCloseTo(distance.squared(), within(1e-9));
    }

    @Test
    void between_distributionsOnAxes_isTheDifferenceOfDeviations() {
        Gaussian narrow = new Gaussian(column(0, 3), CommonOps_DDRM.diag(4, 0));
        Gaussian wide = new Gaussian(column(1, 1), CommonOps_DDRM.diag(25, 9));
        FrechetDistance distance = FrechetDistance.between(narrow, wide);
        assertThat(distance.meanTerm()).isEqualTo(5);
        assertThat(distance.squared()).isCloseTo(5 + (5 - 2) * (5 - 2) + 9, within(1e-12));
    }

    @Test
    void between_samplesThatDoNotVary_isTheDistanceOfMeans() {
        Gaussian constant = Gaussian.of(RandomMatrices.constant(9, 4));
        assertThat(FrechetDistance.between(constant, constant).squared()).isZero();
        FeatureMatrix zeros = new FeatureMatrix(5, 4, new double[20]);
        assertThat(FrechetDistance.between(Gaussian.of(zeros), constant).distance())
                .isCloseTo(Math.sqrt(0.1 * 0.1 + 0.8 * 0.8 + 1.5 * 1.5 + 2.2 * 2.2), within(1e-12));
    }

    @Test
    void between_samplesOfOneDistribution_hasTheKnownBias() {
        Random random = RandomMatrices.random(12_101);
        Gaussian x = Gaussian.of(RandomMatrices.gaussian(random, 1000, 128));
        Gaussian y = Gaussian.of(RandomMatrices.gaussian(random, 1000, 128));
        assertThat(FrechetDistance.between(x, y).squared()).isCloseTo(8.5, within(0.3));
    }

    @Test
    void of_badSamples_saysWhatIsWrong() {
        FeatureMatrix x = RandomMatrices.gaussian(new Random(1), 5, 3);
        assertThatThrownBy(() -> Gaussian.of(new FeatureMatrix(1, 3, new double[3])))
                .hasMessage("not enough features for a covariance: it needs at least 2 rows, but got 1");
        assertThatThrownBy(() -> Gaussian.of(RandomMatrices.with(x, 4, Double.NaN)))
                .hasMessageContaining("finite");
        assertThatThrownBy(() -> FrechetDistance.between(
                        Gaussian.of(x), Gaussian.of(RandomMatrices.gaussian(new Random(1), 5, 4))))
                .hasMessage("the Fréchet distance compares equally many dimensions, but got 3 and 4");
        assertThatThrownBy(() -> new Gaussian(column(1, 2), new DMatrixRMaj(3, 3)))
                .hasMessageContaining("2 dimensions must have a square covariance of that size, but it was 3×3");
    }

    private static Gaussian biased(Gaussian gaussian, int rows) {
        DMatrixRMaj covariance = gaussian.covariance().copy();
        CommonOps_DDRM.scale((rows - 1.0) / rows, covariance);
        return new Gaussian(gaussian.mean(), covariance);
    }

    private static DMatrixRMaj column(double... values) {
        return DMatrixRMaj.wrap(values.length, 1, values);
    }

    /** The root of a matrix with positive eigenvalues by Denman and Beavers' iteration. */
    private static DMatrixRMaj newtonsRoot(DMatrixRMaj matrix) {
        int d = matrix.numRows;
        DMatrixRMaj y = matrix.copy();
        DMatrixRMaj z = CommonOps_DDRM.identity(d);
        for (int step = 0; step < 40; step++) {
            DMatrixRMaj inverseY = new DMatrixRMaj(d, d);
            DMatrixRMaj inverseZ = new DMatrixRMaj(d, d);
            assertThat(CommonOps_DDRM.invert(y, inverseY) && CommonOps_DDRM.invert(z, inverseZ))
                    .isTrue();
            CommonOps_DDRM.add(0.5, y, 0.5, inverseZ, y);
            CommonOps_DDRM.add(0.5, z, 0.5, inverseY, z);
        }
        return y;
    }
}
