package org.millrace.numerics.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class AlignmentUniformityTest {
    private static final double STEP = 2e-3;

    @Test
    void values_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_align_uniform");
        FeatureMatrix x = matrix(vector, "x");
        FeatureMatrix y = matrix(vector, "y");
        double t = vector.number("t");
        double lambda = vector.number("lam");
        double uniformX = AlignmentUniformity.uniformity(x, t);
        double uniformY = AlignmentUniformity.uniformity(y, t);
        vector.check("align_alpha2", AlignmentUniformity.alignment(x, y, 2));
        vector.check("align_alpha1", AlignmentUniformity.alignment(x, y, 1));
        vector.check("uniform_x", uniformX);
        vector.check("uniform_y", uniformY);
        vector.check("uniform_mean", (uniformX + uniformY) / 2);
        vector.check("loss", loss(x, y, t, lambda));
        vector.check("grad_x", gradient(x, moved -> loss(moved, y, t, lambda)));
        vector.check("grad_y", gradient(y, moved -> loss(x, moved, t, lambda)));
        vector.allChecked();
    }

    /** Wang and Isola's objective, whose gradient the vector has. */
    private static double loss(FeatureMatrix x, FeatureMatrix y, double t, double lambda) {
        double uniformity = (AlignmentUniformity.uniformity(x, t) + AlignmentUniformity.uniformity(y, t)) / 2;
        return AlignmentUniformity.alignment(x, y, 2) + lambda * uniformity;
    }

    @Test
    void values_ofRandomFeatures_agreeWithCosines() {
        Random random = RandomMatrices.random(7100);
        FeatureMatrix x = RandomMatrices.mixed(random, 41, 6);
        FeatureMatrix y = RandomMatrices.mixed(random, 41, 6);
        double align = 0;
        double uniform = 0;
        for (int i = 0; i < 41; i++) {
            align += 2 - 2 * cosine(x, i, y, i);
            for (int j = 0; j < 41; j++) {
                uniform += i == j ? 0 : Math.exp(-2 * (2 - 2 * cosine(x, i, x, j)));
            }
        }
        assertThat(AlignmentUniformity.alignment(x, y, 2)).isCloseTo(align / 41, within(1e-12));
        assertThat(AlignmentUniformity.uniformity(x, 2)).isCloseTo(Math.log(uniform / (41 * 40)), within(1e-12));
    }

    @Test
    void uniformity_ofManyIsotropicDirections_isAsPublished() {
        FeatureMatrix features = RandomMatrices.gaussian(RandomMatrices.random(7101), 1500, 128);
        assertThat(AlignmentUniformity.uniformity(features, 2)).isCloseTo(-3.94, within(0.01));
    }

    @Test
    void values_ofConstantFeatures_areZero() {
        FeatureMatrix constant = RandomMatrices.constant(20, 5);
        assertThat(AlignmentUniformity.uniformity(constant, 2)).isCloseTo(0, within(1e-15));
        assertThat(AlignmentUniformity.alignment(constant, constant, 2)).isZero();
    }

    @Test
    void values_ofBadFeatures_sayWhatIsWrong() {
        FeatureMatrix x = RandomMatrices.gaussian(new Random(1), 5, 3);
        FeatureMatrix wide = RandomMatrices.gaussian(new Random(1), 5, 4);
        FeatureMatrix one = RandomMatrices.gaussian(new Random(1), 1, 3);
        assertThatThrownBy(() -> AlignmentUniformity.alignment(x, wide, 2))
                .hasMessage("alignment compares equally wide features, but got 3 columns and 4");
        assertThatThrownBy(() -> AlignmentUniformity.alignment(x, one, 2))
                .hasMessage("alignment compares the same images row by row, but got 5 rows and 1");
        assertThatThrownBy(() -> AlignmentUniformity.uniformity(one, 2))
                .hasMessage("not enough features for uniformity: it needs at least 2 rows, but got 1");
        assertThatThrownBy(() -> AlignmentUniformity.uniformity(RandomMatrices.with(x, 0, Double.NaN), 2))
                .hasMessageContaining("finite");
    }

    /** Central differences of sixth order, so that their own error stays under the vector's tolerance. */
    private static double[] gradient(FeatureMatrix at, ToDoubleFunction<FeatureMatrix> function) {
        double[] weights = {45, -9, 1};
        double[] gradient = new double[at.values().length];
        for (int i = 0; i < gradient.length; i++) {
            double value = at.values()[i];
            for (int k = 1; k <= weights.length; k++) {
                gradient[i] += weights[k - 1]
                        * (function.applyAsDouble(RandomMatrices.with(at, i, value + k * STEP))
                                - function.applyAsDouble(RandomMatrices.with(at, i, value - k * STEP)))
                        / (60 * STEP);
            }
        }
        return gradient;
    }

    private static double cosine(FeatureMatrix x, int i, FeatureMatrix y, int j) {
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int d = 0; d < x.columns(); d++) {
            double a = x.values()[i * x.columns() + d];
            double b = y.values()[j * x.columns() + d];
            xy += a * b;
            xx += a * a;
            yy += b * b;
        }
        return xy / Math.sqrt(xx * yy);
    }
}
