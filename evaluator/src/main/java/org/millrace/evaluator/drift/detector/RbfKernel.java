package org.millrace.evaluator.drift.detector;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;
import org.millrace.numerics.Samples;

/**
 * The Gaussian kernel exp(−‖x − y‖² / 2σ²), for σ = 0 its limit: 1 where x = y, else 0. Its bandwidth is chosen on the reference once and
 * then frozen, so that discrepancies of later windows can be compared with each other.
 */
record RbfKernel(double sigma) {
    RbfKernel {
        check(
                sigma >= 0 && Double.isFinite(sigma),
                "the bandwidth of a kernel must be finite and not negative, but was %s",
                sigma);
    }

    /**
     * With the median distance of the rows as bandwidth (Gretton et al. 2012, §8); of an even number of pairs, the mean of the two in
     * the middle. Holds all N(N − 1)/2 distances at once.
     */
    static RbfKernel ofMedianDistance(FeatureMatrix reference) {
        return new RbfKernel(medianDistance(reference));
    }

    /** The same, as a distance: 0 where more than half of the pairs are the same. */
    static double medianDistance(FeatureMatrix reference) {
        Samples.require(reference, 2, "a median distance");
        int rows = reference.rows();
        double[] squares = new double[Math.multiplyExact(rows, rows - 1) / 2];
        int at = 0;
        for (int i = 1; i < rows; i++) {
            for (int j = 0; j < i; j++) {
                squares[at++] = Rows.squaredDistance(reference, i, reference, j);
            }
        }
        Arrays.sort(squares);
        return (Math.sqrt(squares[(squares.length - 1) / 2]) + Math.sqrt(squares[squares.length / 2])) / 2;
    }

    double of(double squaredDistance) {
        if (sigma == 0) {
            return squaredDistance == 0 ? 1 : 0;
        }
        return Math.exp(-squaredDistance / (2 * sigma * sigma));
    }
}
