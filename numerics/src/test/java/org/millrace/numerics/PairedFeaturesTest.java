package org.millrace.numerics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.decomposition.qr.QRDecompositionHouseholderColumn_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PairedFeaturesTest {
    @Test
    void similarity_ofTurnedScaledAndShiftedFeatures_isExact() {
        Random random = RandomMatrices.random(4601);
        FeatureMatrix x = RandomMatrices.mixed(random, 40, 6);
        FeatureMatrix y = turned(random, x, 2.5, 0);
        assertThat(squaredError(PairedFeatures.of(x, y).similarity(), x, y)).isLessThan(1e-6 * squares(y));
    }

    @ParameterizedTest
    @CsvSource({"30,5", "12,20"})
    void similarity_ofNoisyFeatures_leavesTheLeastThatAnyCan(int rows, int columns) {
        Random random = RandomMatrices.random(4610 + rows);
        FeatureMatrix x = RandomMatrices.gaussian(random, rows, columns);
        FeatureMatrix y = turned(random, x, 1.5, 0.3);
        double nuclear =
                Arrays.stream(SlowSpectrum.singularValues(crossed(x, y))).sum();
        double least = squares(SlowSpectrum.centred(y))
                - nuclear * nuclear / squares(SlowSpectrum.centred(x)); // Schönemann and Carroll 1970
        assertThat(squaredError(PairedFeatures.of(x, y).similarity(), x, y))
                .isCloseTo(least, within(1e-4 * squares(y)));
    }

    @ParameterizedTest
    @CsvSource({"60,5,3,0.1", "20,30,4,0.01", "50,8,8,1"})
    void ridge_ofRandomFeatures_isThePointWhereTheGradientVanishes(int rows, int d, int e, double share) {
        Random random = RandomMatrices.random(4620 + rows);
        FeatureMatrix x = RandomMatrices.mixed(random, rows, d);
        FeatureMatrix y = RandomMatrices.mixed(random, rows, e);
        AffineMap map = PairedFeatures.of(x, y).ridge(share);
        checkStationary(map, new float[d * e], x, y, share);
    }

    @Test
    void ridgeAroundSimilarity_isThePointWhereItsGradientVanishes_andNearsTheSimilarityAsTheRidgeGrows() {
        Random random = RandomMatrices.random(4630);
        FeatureMatrix x = RandomMatrices.mixed(random, 40, 7);
        FeatureMatrix y = turned(random, x, 0.7, 0.5);
        PairedFeatures paired = PairedFeatures.of(x, y);
        checkStationary(paired.ridgeAroundSimilarity(0.05), paired.similarity().weights(), x, y, 0.05);
        float[] far = paired.ridgeAroundSimilarity(1e9).weights();
        float[] rotation = paired.similarity().weights();
        for (int i = 0; i < far.length; i++) {
            assertThat(far[i]).isCloseTo(rotation[i], within(1e-5f));
        }
    }

    @Test
    void of_constantOrUnpairedOrNotFiniteFeatures_isRefusedWithTheReason() {
        FeatureMatrix x = RandomMatrices.gaussian(RandomMatrices.random(4640), 10, 3);
        assertThatThrownBy(() -> PairedFeatures.of(x, RandomMatrices.constant(10, 3)))
                .hasMessageContaining("the same in the second");
        assertThatThrownBy(() -> PairedFeatures.of(RandomMatrices.constant(10, 3), x))
                .hasMessageContaining("the same in the first");
        assertThatThrownBy(() -> PairedFeatures.of(x, x.first(9))).hasMessageContaining("10 rows and 9");
        assertThatThrownBy(() -> PairedFeatures.of(x, RandomMatrices.with(x, 4, Double.NaN)))
                .hasMessageContaining("finite");
        assertThatThrownBy(() -> PairedFeatures.of(x, RandomMatrices.gaussian(RandomMatrices.random(4641), 10, 4))
                        .similarity())
                .hasMessageContaining("3 columns and 4");
    }

    @ParameterizedTest
    @CsvSource({"1,1", "5,3", "8,8", "33,17"})
    void apply_agreesWithPlainSums_andSurvivesItsBytes(int inputs, int outputs) {
        Random random = RandomMatrices.random(4650 + inputs);
        float[] weights = floats(random, inputs * outputs);
        float[] offset = floats(random, outputs);
        AffineMap map = new AffineMap(inputs, outputs, weights, offset);
        assertThat(AffineMap.of(map.toBytes(), inputs, outputs)).isEqualTo(map);
        int count = 35; // more than are mapped together
        float[] rows = floats(random, count * inputs);
        float[] mapped = map.applyAll(rows);
        for (int row = 0; row < count; row++) {
            for (int j = 0; j < outputs; j++) {
                double sum = offset[j];
                for (int i = 0; i < inputs; i++) {
                    sum += (double) rows[row * inputs + i] * weights[i * outputs + j];
                }
                assertThat((double) mapped[row * outputs + j]).isCloseTo(sum, within(1e-4));
            }
        }
        assertThatThrownBy(() -> AffineMap.of(new byte[5], inputs, outputs)).hasMessageContaining("but had 5");
    }

    /** d/dW of ‖XcW − Yc‖² + λ‖W − W₀‖² is 0, in plain sums. */
    private static void checkStationary(
            AffineMap map, float[] towards, FeatureMatrix x, FeatureMatrix y, double share) {
        int d = x.columns();
        int e = y.columns();
        double[] xMean = means(x);
        double[] yMean = means(y);
        double trace = 0;
        for (int i = 0; i < x.values().length; i++) {
            trace += Math.pow(x.values()[i] - xMean[i % d], 2);
        }
        double lambda = share * trace / d;
        double size = Math.sqrt(trace * squares(y));
        for (int a = 0; a < d; a++) {
            for (int b = 0; b < e; b++) {
                double gradient = lambda * (map.weights()[a * e + b] - towards[a * e + b]);
                for (int row = 0; row < x.rows(); row++) {
                    double residual = yMean[b] - y.values()[row * e + b];
                    for (int i = 0; i < d; i++) {
                        residual += (x.values()[row * d + i] - xMean[i]) * map.weights()[i * e + b];
                    }
                    gradient += (x.values()[row * d + a] - xMean[a]) * residual;
                }
                assertThat(gradient).isCloseTo(0, within(1e-5 * size));
            }
        }
        double[] atMean = new double[e];
        for (int b = 0; b < e; b++) {
            atMean[b] = map.offset()[b];
            for (int i = 0; i < d; i++) {
                atMean[b] += xMean[i] * map.weights()[i * e + b];
            }
            assertThat(atMean[b]).as("the mean goes to the mean").isCloseTo(yMean[b], within(1e-3));
        }
    }

    /** sXQ + 1tᵀ + noise, with a random orthogonal Q. */
    private static FeatureMatrix turned(Random random, FeatureMatrix x, double scale, double noise) {
        int d = x.columns();
        var qr = new QRDecompositionHouseholderColumn_DDRM();
        qr.decompose(DMatrixRMaj.wrap(
                d, d, RandomMatrices.gaussian(random, d, d).values().clone()));
        DMatrixRMaj q = qr.getQ(null, false);
        double[] values = new double[x.values().length];
        for (int row = 0; row < x.rows(); row++) {
            for (int j = 0; j < d; j++) {
                double sum = 3 * j + noise * random.nextGaussian();
                for (int i = 0; i < d; i++) {
                    sum += scale * x.values()[row * d + i] * q.get(i, j);
                }
                values[row * d + j] = sum;
            }
        }
        return new FeatureMatrix(x.rows(), d, values);
    }

    /** XcᵀYc, D×D. */
    private static FeatureMatrix crossed(FeatureMatrix x, FeatureMatrix y) {
        double[] a = SlowSpectrum.centred(x).values();
        double[] b = SlowSpectrum.centred(y).values();
        int d = x.columns();
        double[] product = new double[d * d];
        for (int row = 0; row < x.rows(); row++) {
            for (int i = 0; i < d * d; i++) {
                product[i] += a[row * d + i / d] * b[row * d + i % d];
            }
        }
        return new FeatureMatrix(d, d, product);
    }

    private static double squaredError(AffineMap map, FeatureMatrix x, FeatureMatrix y) {
        double[] mapped = map.apply(x).values();
        double sum = 0;
        for (int i = 0; i < mapped.length; i++) {
            sum += Math.pow(mapped[i] - y.values()[i], 2);
        }
        return sum;
    }

    private static double squares(FeatureMatrix y) {
        double sum = 0;
        for (double value : y.values()) {
            sum += value * value;
        }
        return sum;
    }

    private static double[] means(FeatureMatrix x) {
        double[] mean = new double[x.columns()];
        for (int i = 0; i < x.values().length; i++) {
            mean[i % mean.length] += x.values()[i] / x.rows();
        }
        return mean;
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
