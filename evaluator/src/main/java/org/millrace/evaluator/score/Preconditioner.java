package org.millrace.evaluator.score;

import java.util.Optional;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.PositiveDefinite;
import org.millrace.numerics.Products;

/**
 * A fixed estimate of the inverse Hessian of logistic regression: for each class the inverse of κ·E[x̃x̃ᵀ] + λI, where x̃ is a row
 * with a 1 behind it and κ is p(1 − p) with all classes equally probable. Correlated features then cost tens of iterations
 * instead of hundreds. Not thread safe.
 */
final class Preconditioner {
    /** Of longer features the matrix would cost more than the iterations that it saves: then it is left out. */
    private static final int MOST_COLUMNS = 1024;

    private static final int ENOUGH_ROWS = 2048;
    private static final double RIDGE = 1e-9;

    private final int classes;
    private final Optional<PositiveDefinite> hessian; // of a class, (D + 1)×(D + 1); none to change nothing

    private Preconditioner(int classes, Optional<PositiveDefinite> hessian) {
        this.classes = classes;
        this.hessian = hessian;
    }

    /** The one that changes nothing. */
    static Preconditioner identity() {
        return new Preconditioner(0, Optional.empty());
    }

    static Preconditioner of(FeatureMatrix features, int classes, double l2) {
        int columns = features.columns();
        if (columns > MOST_COLUMNS) {
            return identity();
        }
        DMatrixRMaj matrix = secondMoments(features);
        CommonOps_DDRM.scale((classes - 1.0) / classes / classes, matrix);
        double ridge = RIDGE * CommonOps_DDRM.trace(matrix);
        for (int i = 0; i < columns; i++) {
            matrix.add(i, i, l2); // the bias is free
        }
        return new Preconditioner(classes, Optional.of(PositiveDefinite.ofRidge(matrix, ridge)));
    }

    /** Multiplies parameters or a gradient, W as C×D row-major and then b, in place. */
    void apply(double[] vector) {
        if (hessian.isEmpty()) {
            return;
        }
        int columns = vector.length / classes - 1;
        DMatrixRMaj right = new DMatrixRMaj(columns + 1, classes); // a column for each class
        for (int c = 0; c < classes; c++) {
            for (int d = 0; d < columns; d++) {
                right.set(d, c, vector[c * columns + d]);
            }
            right.set(columns, c, vector[classes * columns + c]);
        }
        DMatrixRMaj solved = hessian.get().solve(right);
        for (int c = 0; c < classes; c++) {
            for (int d = 0; d < columns; d++) {
                vector[c * columns + d] = solved.get(d, c);
            }
            vector[classes * columns + c] = solved.get(columns, c);
        }
    }

    /** E[x̃x̃ᵀ] over evenly spread rows. */
    private static DMatrixRMaj secondMoments(FeatureMatrix features) {
        int columns = features.columns();
        int rows = Math.min(features.rows(), Math.max(ENOUGH_ROWS, 2 * columns));
        DMatrixRMaj chosen = new DMatrixRMaj(rows, columns + 1);
        for (int i = 0; i < rows; i++) {
            int row = (int) ((long) features.rows() * i / rows);
            System.arraycopy(features.values(), row * columns, chosen.data, i * (columns + 1), columns);
            chosen.set(i, columns, 1);
        }
        DMatrixRMaj moments = Products.transposed(chosen, chosen);
        CommonOps_DDRM.divide(moments, rows);
        return moments;
    }
}
