package org.millrace.encoder.tensor;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import org.millrace.contract.weights.LowRank;

/**
 * The named weights of one forward pass. Not thread safe; the tensors live as long as the scope that made them.
 *
 * @param convolution how the pass computes its convolutions
 * @param adapterScale of what a {@link LowRank} adapter adds; of no account without adapters
 */
public record Tensors(Map<String, NDArray> named, Convolution convolution, float adapterScale) {
    /** Weights without adapters. */
    public Tensors(Map<String, NDArray> named, Convolution convolution) {
        this(named, convolution, 1);
    }

    /** The tensor of that name; throws {@link IllegalArgumentException} where the network declared none. */
    public NDArray get(String name) {
        NDArray tensor = named.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("the network has no tensor " + name);
        }
        return tensor;
    }

    /** The tensor of that name, where the network declared one. */
    public Optional<NDArray> find(String name) {
        return Optional.ofNullable(named.get(name));
    }
}
