package org.millrace.numerics;

import static org.millrace.contract.Check.check;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/** A symmetric positive definite matrix, D×D, factorised once so that many systems with it can be solved. Not thread safe. */
public final class PositiveDefinite {
    private final LinearSolverDense<DMatrixRMaj> solver;

    private PositiveDefinite(LinearSolverDense<DMatrixRMaj> solver) {
        this.solver = solver;
    }

    /**
     * @param symmetric both triangles filled; its memory is used for the factor
     * @throws IllegalArgumentException where the matrix is not positive definite
     */
    public static PositiveDefinite of(DMatrixRMaj symmetric) {
        LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.symmPosDef(symmetric.numRows);
        check(
                solver.setA(symmetric),
                "a symmetric matrix of %d dimensions must be positive definite, but has a direction without variance",
                symmetric.numRows);
        return new PositiveDefinite(solver);
    }

    /** The same with λ added to the diagonal first. */
    public static PositiveDefinite ofRidge(DMatrixRMaj symmetric, double ridge) {
        for (int i = 0; i < symmetric.numRows; i++) {
            symmetric.add(i, i, ridge);
        }
        return of(symmetric);
    }

    /** X of AX = B, D×C. */
    public DMatrixRMaj solve(DMatrixRMaj b) {
        DMatrixRMaj x = new DMatrixRMaj(b.numRows, b.numCols);
        solver.solve(b, x);
        return x;
    }
}
