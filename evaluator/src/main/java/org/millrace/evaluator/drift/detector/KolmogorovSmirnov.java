package org.millrace.evaluator.drift.detector;

/**
 * The two-sample Kolmogorov–Smirnov statistic D = sup |F_a − F_b| of one number, ties included, with an approximation of
 * its p-value.
 *
 * @param statistic D in [0, 1]
 * @param effectiveSize nm / (n + m)
 */
record KolmogorovSmirnov(double statistic, double effectiveSize) {
    private static final double SMALL = 1.18;
    private static final int TERMS = 20;

    static KolmogorovSmirnov between(double[] a, double[] b) {
        OneNumber.require(a, 1, "Kolmogorov–Smirnov");
        OneNumber.require(b, 1, "Kolmogorov–Smirnov");
        return ofSorted(OneNumber.sorted(a), OneNumber.sorted(b));
    }

    /** Of samples that are in ascending order already. */
    static KolmogorovSmirnov ofSorted(double[] x, double[] y) {
        double statistic = 0;
        int i = 0;
        int j = 0;
        while (i < x.length && j < y.length) {
            double value = Math.min(x[i], y[j]);
            while (i < x.length && x[i] <= value) {
                i++;
            }
            while (j < y.length && y[j] <= value) {
                j++;
            }
            statistic = Math.max(statistic, Math.abs((double) i / x.length - (double) j / y.length));
        }
        return new KolmogorovSmirnov(statistic, (double) x.length * y.length / ((double) x.length + y.length));
    }

    /** Q((√s + .12 + .11/√s) · D) with s the effective size (Stephens 1970): for small samples too. */
    double stephensPValue() {
        double root = Math.sqrt(effectiveSize);
        return exceedance((root + 0.12 + 0.11 / root) * statistic);
    }

    /**
     * Q(λ) = 2 Σ (−1)^(j−1) exp(−2j²λ²), which converges slowly for small λ: there, 1 − √(2π)/λ · Σ exp(−(2j−1)²π²/8λ²), the same
     * function by Jacobi's identity. Of √s · D it is the p-value of large samples (Smirnov 1948).
     */
    static double exceedance(double lambda) {
        if (lambda == 0) {
            return 1;
        }
        double sum = 0;
        if (lambda < SMALL) {
            for (int j = 1; j <= TERMS; j++) {
                double odd = (2 * j - 1) * Math.PI / lambda;
                sum += Math.exp(-odd * odd / 8);
            }
            return 1 - Math.sqrt(2 * Math.PI) / lambda * sum;
        }
        for (int j = 1; j <= TERMS; j++) {
            sum += (j % 2 == 1 ? 2 : -2) * Math.exp(-2.0 * j * j * lambda * lambda);
        }
        return sum;
    }
}
