package org.millrace.numerics.health;

import static org.millrace.contract.Check.check;

import java.util.function.IntToDoubleFunction;

/**
 * The power law λ_i = e^b · i^−α fitted to a covariance's eigenvalues (α-ReQ, Agrawal et al. 2022): i is the rank, 1 for the
 * largest. The paper does not fix the range of ranks; ranges here are 0-based and half open, as in its authors' code.
 */
record PowerLaw(double exponent, double intercept) {
    /** The fit with weight 1/i, so that each octave of ranks counts about the same (Stringer et al. 2019). */
    static PowerLaw weighted(double[] eigenvalues, int from, int to) {
        return fit(eigenvalues, from, to, i -> 1.0 / i);
    }

    /** Least squares of log λ on log i, each rank i with its weight. */
    static PowerLaw fit(double[] eigenvalues, int from, int to, IntToDoubleFunction weight) {
        check(
                from >= 0 && to <= eigenvalues.length && to - from >= 2,
                "not enough eigenvalues for a power law: it needs at least 2 in [0, %d), but the range was [%d, %d)",
                eigenvalues.length,
                from,
                to);
        double sum = 0;
        double meanX = 0;
        double meanY = 0;
        for (int i = from; i < to; i++) {
            check(eigenvalues[i] > 0, "eigenvalue %d must be positive, but was %s", i, eigenvalues[i]);
            double w = weight.applyAsDouble(i + 1);
            sum += w;
            meanX += w * Math.log(i + 1);
            meanY += w * Math.log(eigenvalues[i]);
        }
        meanX /= sum;
        meanY /= sum;
        double covariance = 0;
        double variance = 0;
        for (int i = from; i < to; i++) {
            double w = weight.applyAsDouble(i + 1);
            double x = Math.log(i + 1) - meanX;
            covariance += w * x * (Math.log(eigenvalues[i]) - meanY);
            variance += w * x * x;
        }
        double slope = covariance / variance;
        return new PowerLaw(-slope, meanY - slope * meanX);
    }
}
