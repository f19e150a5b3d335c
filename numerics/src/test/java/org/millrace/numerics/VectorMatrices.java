package org.millrace.numerics;

import org.millrace.contract.vector.ReferenceVector;

/** Inputs of reference vectors as feature matrices. */
public final class VectorMatrices {
    private VectorMatrices() {}

    /** An input of two dimensions, N×D. */
    public static FeatureMatrix matrix(ReferenceVector vector, String input) {
        return new FeatureMatrix(vector.size(input, 0), vector.size(input, 1), vector.doubles(input));
    }
}
