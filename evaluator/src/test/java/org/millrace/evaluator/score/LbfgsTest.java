package org.millrace.evaluator.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class LbfgsTest {
    @Test
    void minimise_ofBadlyScaledQuadratic_findsItsMinimum() {
        double[] scales = {1e-3, 1, 30, 1e3};
        Lbfgs.Objective quadratic = (x, gradient) -> {
            double value = 0;
            for (int i = 0; i < x.length; i++) {
                gradient[i] = scales[i] * (x[i] - i);
                value += scales[i] * (x[i] - i) * (x[i] - i) / 2;
            }
            return value;
        };
        Lbfgs.Solution solution =
                Lbfgs.minimise(quadratic, Preconditioner.identity(), new double[] {5, -5, 5, -5}, 1e-9, 200);
        assertThat(solution.converged).isTrue();
        for (int i = 0; i < scales.length; i++) {
            assertThat(solution.point[i]).isCloseTo(i, within(1e-5));
        }
    }

    @Test
    void minimise_ofRosenbrocksValley_findsItsMinimum() {
        Lbfgs.Objective valley = (x, gradient) -> {
            double a = 1 - x[0];
            double b = x[1] - x[0] * x[0];
            gradient[0] = -2 * a - 400 * x[0] * b;
            gradient[1] = 200 * b;
            return a * a + 100 * b * b;
        };
        Lbfgs.Solution solution = Lbfgs.minimise(valley, Preconditioner.identity(), new double[] {-1.2, 1}, 1e-9, 200);
        assertThat(solution.converged).isTrue();
        assertThat(solution.point[0]).isCloseTo(1, within(1e-8));
        assertThat(solution.point[1]).isCloseTo(1, within(1e-8));
    }

    @Test
    void minimise_startedAtTheMinimum_takesNoIteration() {
        Lbfgs.Solution solution = Lbfgs.minimise(
                (x, gradient) -> {
                    gradient[0] = x[0];
                    return x[0] * x[0] / 2;
                },
                Preconditioner.identity(),
                new double[] {0},
                1e-9,
                10);
        assertThat(solution.iterations).isZero();
        assertThat(solution.converged).isTrue();
    }
}
