package org.millrace.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.millrace.contract.vector.ReferenceVector;

/** Inputs of reference vectors as tensors. */
public final class VectorTensors {
    private VectorTensors() {}

    /** An input as a tensor of its own shape. */
    public static NDArray tensor(ReferenceVector vector, String input, NDManager manager) {
        return manager.create(vector.floats(input), new Shape(vector.shape(input)));
    }
}
