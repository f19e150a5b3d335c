package org.millrace.numerics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class PrincipalPlaneTest {
    @Test
    void of_pointsInATurnedPlane_keepsTheirDistances() {
        System.out.println("seed 3");
        Random random = new Random(3);
        int n = 50;
        double[] values = new double[n * 4];
        double[] flat = new double[n * 2];
        for (int i = 0; i < n; i++) {
            double u = 3 * random.nextGaussian();
            double v = random.nextGaussian();
            flat[2 * i] = u;
            flat[2 * i + 1] = v;
            double[] row = {(u + v) / Math.sqrt(2) + 7, 0.6 * (u - v) / Math.sqrt(2), 5, 0.8 * (u - v) / Math.sqrt(2)};
            System.arraycopy(row, 0, values, 4 * i, 4);
        }
        PrincipalPlane plane = PrincipalPlane.of(new FeatureMatrix(n, 4, values));
        assertThat(plane.share()).isCloseTo(1, within(1e-12));
        for (int i = 1; i < n; i++) {
            assertThat(distance(plane.points(), 0, i)).isCloseTo(distance(flat, 0, i), within(1e-9));
        }
        assertThat(squares(plane.points(), 0)).isGreaterThan(squares(plane.points(), 1));
    }

    @Test
    void of_constantRows_liesInOnePoint() {
        PrincipalPlane plane = PrincipalPlane.of(new FeatureMatrix(3, 2, new double[] {1, 2, 1, 2, 1, 2}));
        assertThat(plane.points()).containsOnly(0);
        assertThat(plane.share()).isZero();
    }

    @Test
    void of_oneColumn_liesOnALine() {
        PrincipalPlane plane = PrincipalPlane.of(new FeatureMatrix(3, 1, new double[] {1, 2, 3}));
        assertThat(plane.points()).containsExactly(-1, 0, 0, 0, 1, 0);
    }

    @Test
    void of_notFinite_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PrincipalPlane.of(new FeatureMatrix(2, 1, new double[] {1, Double.NaN})));
    }

    private static double distance(double[] points, int i, int j) {
        return Math.hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
    }

    private static double squares(double[] points, int axis) {
        double sum = 0;
        for (int i = axis; i < points.length; i += 2) {
            sum += points[i] * points[i];
        }
        return sum;
    }
}
