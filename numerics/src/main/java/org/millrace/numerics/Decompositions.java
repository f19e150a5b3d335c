package org.millrace.numerics;

import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.decomposition.qr.QRDecompositionHouseholderColumn_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/** Decompositions of matrices of finite values; none writes to its argument. */
public final class Decompositions {
    private static final double ROUNDING = Math.ulp(1.0);

    private Decompositions() {}

    /** R of the decomposition X = QR, D×D upper triangular, of X: N×D with N ≥ D: it has X's singular values and XᵀX = RᵀR. */
    public static DMatrixRMaj triangularFactor(DMatrixRMaj x) {
        var qr = new QRDecompositionHouseholderColumn_DDRM();
        qr.decompose(x.copy()); // answers false for a column of zeros, and is right nevertheless
        return qr.getR(null, true);
    }

    /** Singular values, largest first: min(N, D) of them. */
    public static double[] singularValues(DMatrixRMaj x) {
        DMatrixRMaj small = x.numRows > x.numCols ? triangularFactor(x) : x.copy();
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(small.numRows, small.numCols, false, false, true);
        require(svd.decompose(small), "singular value");
        double[] values = Arrays.copyOf(svd.getSingularValues(), svd.numberOfSingularValues());
        Arrays.sort(values);
        for (int i = 0; i < values.length / 2; i++) {
            double low = values[i];
            values[i] = values[values.length - 1 - i];
            values[values.length - 1 - i] = low;
        }
        return values;
    }

    /** X = U Σ Vᵀ of a square X. */
    public static SingularVectors singularVectors(DMatrixRMaj x) {
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(x.numRows, x.numCols, true, true, true);
        require(svd.decompose(x.copy()), "singular value");
        return new SingularVectors(
                svd.getU(null, false), Arrays.stream(svd.getSingularValues()).sum(), svd.getV(null, true));
    }

    /**
     * F with F Fᵀ = S of a symmetric, positive semidefinite S, D×D: F = V √Λ. Eigenvalues that are zero up to rounding, D · ε · the
     * largest, count as zero.
     */
    public static DMatrixRMaj squareRoot(DMatrixRMaj s) {
        int d = s.numCols;
        EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(d, true, true);
        require(eigen.decompose(s.copy()), "eigenvalue");
        double largest = 0;
        for (int i = 0; i < d; i++) {
            largest = Math.max(largest, eigen.getEigenvalue(i).real);
        }
        DMatrixRMaj factor = new DMatrixRMaj(d, d);
        for (int i = 0; i < d; i++) {
            double value = eigen.getEigenvalue(i).real;
            double root = value <= d * ROUNDING * largest ? 0 : Math.sqrt(value);
            for (int row = 0; row < d; row++) {
                factor.set(row, i, root * eigen.getEigenVector(i).get(row, 0));
            }
        }
        return factor;
    }

    /** Some F with F Fᵀ = S of a symmetric, positive semidefinite S, D×D: Cholesky's where it exists, which is the fastest. */
    public static DMatrixRMaj factor(DMatrixRMaj s) {
        CholeskyDecomposition_F64<DMatrixRMaj> cholesky = DecompositionFactory_DDRM.chol(s.numCols, true);
        return cholesky.decompose(s.copy()) ? cholesky.getT(null) : squareRoot(s);
    }

    /**
     * Sum of the square roots of the eigenvalues of a symmetric, positive semidefinite S, D×D; those that are zero up to rounding, D · ε ·
     * the largest, count as zero.
     */
    public static double traceOfRoot(DMatrixRMaj s) {
        int d = s.numCols;
        EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(d, false, true);
        require(eigen.decompose(s.copy()), "eigenvalue");
        double[] values = new double[d];
        double largest = 0;
        for (int i = 0; i < d; i++) {
            values[i] = eigen.getEigenvalue(i).real;
            largest = Math.max(largest, values[i]);
        }
        double sum = 0;
        for (double value : values) {
            sum += value <= d * ROUNDING * largest ? 0 : Math.sqrt(value);
        }
        return sum;
    }

    private static void require(boolean converged, String what) {
        if (!converged) {
            throw new IllegalStateException("the " + what + " decomposition did not converge");
        }
    }

    /** U and Vᵀ of X = U Σ Vᵀ, and the sum of the singular values, ‖X‖_*. */
    public record SingularVectors(DMatrixRMaj u, double nuclearNorm, DMatrixRMaj vTransposed) {}
}
