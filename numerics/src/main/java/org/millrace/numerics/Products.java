package org.millrace.numerics;

import org.ejml.data.DMatrixRMaj;

/** Products of tall matrices. */
public final class Products {
    private static final int ROWS_AT_A_TIME = 4;

    private Products() {}

    /**
     * XᵀY, P×Q, of X: N×P and Y: N×Q. Four rows share each pass over the result, in a loop that the compiler turns
     * into vector instructions.
     */
    public static DMatrixRMaj transposed(DMatrixRMaj x, DMatrixRMaj y) {
        int p = x.numCols;
        int q = y.numCols;
        DMatrixRMaj product = new DMatrixRMaj(p, q);
        double[] b = y.data;
        double[] c = product.data;
        int row = 0;
        for (; row + ROWS_AT_A_TIME <= x.numRows; row += ROWS_AT_A_TIME) {
            int y0 = row * q;
            int y1 = y0 + q;
            int y2 = y1 + q;
            int y3 = y2 + q;
            for (int i = 0; i < p; i++) {
                double x0 = x.data[row * p + i];
                double x1 = x.data[(row + 1) * p + i];
                double x2 = x.data[(row + 2) * p + i];
                double x3 = x.data[(row + 3) * p + i];
                int at = i * q;
                for (int j = 0; j < q; j++) {
                    c[at + j] += x0 * b[y0 + j] + x1 * b[y1 + j] + x2 * b[y2 + j] + x3 * b[y3 + j];
                }
            }
        }
        for (; row < x.numRows; row++) {
            for (int i = 0; i < p; i++) {
                double x0 = x.data[row * p + i];
                for (int j = 0; j < q; j++) {
                    c[i * q + j] += x0 * b[row * q + j];
                }
            }
        }
        return product;
    }

    /** ‖X‖²_F, the sum of the squared elements. */
    public static double squaredNorm(DMatrixRMaj x) {
        double squares = 0;
        for (double value : x.data) {
            squares += value * value;
        }
        return squares;
    }
}
