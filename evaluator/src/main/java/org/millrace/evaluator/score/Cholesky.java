package org.millrace.evaluator.score;

/** Solving systems with a symmetric positive definite matrix by its factor LLᵀ. */
final class Cholesky {
    private Cholesky() {}

    /** Puts L over the lower triangle of a D×D row-major matrix; the rest is not read. */
    static void factorise(double[] a, int size) {
        for (int i = 0; i < size; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = a[i * size + j];
                for (int k = 0; k < j; k++) {
                    sum -= a[i * size + k] * a[j * size + k];
                }
                a[i * size + j] = i == j ? Math.sqrt(sum) : sum / a[j * size + j];
            }
        }
    }

    /**
     * Solves LLᵀX = B in place.
     *
     * @param b D×C row-major; becomes X
     */
    static void solve(double[] factor, int size, double[] b, int columns) {
        for (int i = 0; i < size; i++) { // LU = B
            for (int k = 0; k < i; k++) {
                subtract(factor[i * size + k], b, k * columns, i * columns, columns);
            }
            divide(factor[i * size + i], b, i * columns, columns);
        }
        for (int i = size - 1; i >= 0; i--) { // LᵀX = U
            divide(factor[i * size + i], b, i * columns, columns);
            for (int k = 0; k < i; k++) {
                subtract(factor[i * size + k], b, i * columns, k * columns, columns);
            }
        }
    }

    private static void subtract(double factor, double[] b, int from, int to, int columns) {
        for (int c = 0; c < columns; c++) {
            b[to + c] -= factor * b[from + c];
        }
    }

    private static void divide(double divisor, double[] b, int from, int columns) {
        for (int c = 0; c < columns; c++) {
            b[from + c] /= divisor;
        }
    }
}
