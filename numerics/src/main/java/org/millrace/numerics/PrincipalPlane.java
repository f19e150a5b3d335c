package org.millrace.numerics;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * Features in the plane in which they vary most: their first two principal components.
 *
 * @param points N×2 row by row, of mean 0
 * @param share of the whole variance that lies in the plane, in [0, 1]; 0 where nothing varies
 */
@SuppressWarnings("ArrayRecordComponent")
public record PrincipalPlane(double[] points, double share) {
    /** Each component points where its largest weight is positive, so that the same features give the same picture. */
    public static PrincipalPlane of(FeatureMatrix features) {
        Samples.require(features, 2, "the principal plane");
        Centred centred = Centred.of(features);
        double[] points = new double[2 * features.rows()];
        if (centred.isConstant()) {
            return new PrincipalPlane(points, 0);
        }
        DMatrixRMaj x = centred.matrix();
        DMatrixRMaj scatter = Products.transposed(x, x); // D×D
        EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(scatter.numCols, true, true);
        if (!eigen.decompose(scatter)) {
            throw new IllegalStateException("the eigenvalue decomposition did not converge");
        }
        int[] largest = twoLargest(eigen);
        double inPlane = 0;
        for (int axis = 0; axis < 2 && largest[axis] >= 0; axis++) {
            inPlane += Math.max(0, eigen.getEigenvalue(largest[axis]).real);
            project(x, eigen.getEigenVector(largest[axis]), points, axis);
        }
        return new PrincipalPlane(points, inPlane / Products.squaredNorm(x));
    }

    private static int[] twoLargest(EigenDecomposition_F64<DMatrixRMaj> eigen) {
        int first = -1;
        int second = -1;
        for (int i = 0; i < eigen.getNumberOfEigenvalues(); i++) {
            double value = eigen.getEigenvalue(i).real;
            if (first < 0 || value > eigen.getEigenvalue(first).real) {
                second = first;
                first = i;
            } else if (second < 0 || value > eigen.getEigenvalue(second).real) {
                second = i;
            }
        }
        return new int[] {first, second};
    }

    private static void project(DMatrixRMaj x, DMatrixRMaj direction, double[] points, int axis) {
        int d = x.numCols;
        int heaviest = 0;
        for (int j = 1; j < d; j++) {
            if (Math.abs(direction.get(j, 0)) > Math.abs(direction.get(heaviest, 0))) {
                heaviest = j;
            }
        }
        double sign = Math.signum(direction.get(heaviest, 0));
        for (int i = 0; i < x.numRows; i++) {
            double sum = 0;
            for (int j = 0; j < d; j++) {
                sum += x.data[i * d + j] * direction.get(j, 0);
            }
            points[2 * i + axis] = sign * sum;
        }
    }
}
