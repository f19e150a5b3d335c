package org.millrace.evaluator.score;

/**
 * Limited-memory BFGS (Liu and Nocedal 1989; Nocedal and Wright, algorithm 7.4) for smooth convex functions.
 *
 * <p>The line search bisects for the weak Wolfe conditions (Lewis and Overton 2013). Where the decrease drowns in rounding, the
 * approximate condition of Hager and Zhang (2005) takes the place of Armijo's, so that gradients near 1e-12 can be reached.
 */
final class Lbfgs {
    private static final int MEMORY = 10;
    private static final int LINE_SEARCH_STEPS = 50;
    private static final double ARMIJO = 1e-4;
    private static final double CURVATURE = 0.9;
    private static final double ROUNDING = 1e-13;

    private final Objective objective;
    private final Curvature curvature;
    private double[] point;
    private double[] gradient;
    private double value;
    private double[] nextPoint;
    private double[] nextGradient;

    private Lbfgs(Objective objective, Preconditioner preconditioner, double[] start) {
        int length = start.length;
        this.objective = objective;
        this.curvature = new Curvature(MEMORY, length, preconditioner);
        this.point = start.clone();
        this.gradient = new double[length];
        this.value = objective.valueAndGradient(point, gradient);
        this.nextPoint = new double[length];
        this.nextGradient = new double[length];
    }

    /** Goes down from {@code start} until the gradient's Euclidean norm is at most the tolerance, or the iterations are spent. */
    static Solution minimise(
            Objective objective, Preconditioner preconditioner, double[] start, double tolerance, int maxIterations) {
        return new Lbfgs(objective, preconditioner, start).run(tolerance, maxIterations);
    }

    private Solution run(double tolerance, int maxIterations) {
        double[] direction = new double[point.length];
        int iteration = 0;
        boolean moved = true;
        while (moved && iteration < maxIterations && norm(gradient) > tolerance) {
            curvature.direction(gradient, direction);
            moved = search(direction, curvature.isEmpty() ? Math.min(1, 1 / norm(direction)) : 1);
            if (!moved && !curvature.isEmpty()) {
                curvature.clear();
                moved = true;
            }
            iteration++;
        }
        double norm = norm(gradient);
        return new Solution(point, value, norm, iteration, norm <= tolerance);
    }

    /** Moves along the direction to a point that meets the weak Wolfe conditions; false, and no move, where none is found. */
    private boolean search(double[] direction, double firstStep) {
        double slope = dot(gradient, direction);
        double low = 0;
        double high = Double.POSITIVE_INFINITY;
        double step = firstStep;
        for (int i = 0; i < LINE_SEARCH_STEPS; i++) {
            for (int j = 0; j < point.length; j++) {
                nextPoint[j] = point[j] + step * direction[j];
            }
            double nextValue = objective.valueAndGradient(nextPoint, nextGradient);
            double nextSlope = dot(nextGradient, direction);
            boolean lower = nextValue <= value + ARMIJO * step * slope
                    || (nextValue <= value + ROUNDING * Math.abs(value) && nextSlope <= (2 * ARMIJO - 1) * slope);
            if (!lower) {
                high = step;
                step = (low + high) / 2;
            } else if (nextSlope < CURVATURE * slope) {
                low = step;
                step = high < Double.POSITIVE_INFINITY ? (low + high) / 2 : 2 * step;
            } else {
                accept(nextValue);
                return true;
            }
        }
        return false;
    }

    private void accept(double nextValue) {
        curvature.add(point, nextPoint, gradient, nextGradient);
        double[] oldPoint = point;
        point = nextPoint;
        nextPoint = oldPoint;
        double[] oldGradient = gradient;
        gradient = nextGradient;
        nextGradient = oldGradient;
        value = nextValue;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }

    /** A function to minimise. */
    interface Objective {
        /** The value at the point; writes the gradient there over the second array. */
        double valueAndGradient(double[] point, double[] gradient);
    }

    /** Where the descent ended. */
    static final class Solution {
        final double[] point;
        final double value;
        final double gradientNorm;
        final int iterations;
        final boolean converged;

        private Solution(double[] point, double value, double gradientNorm, int iterations, boolean converged) {
            this.point = point;
            this.value = value;
            this.gradientNorm = gradientNorm;
            this.iterations = iterations;
            this.converged = converged;
        }
    }
}
