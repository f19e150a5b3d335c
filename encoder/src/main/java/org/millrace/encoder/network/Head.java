package org.millrace.encoder.network;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/** A classifier on feature vectors. Immutable; its weights are passed in. */
public sealed interface Head permits LinearHead, HiddenLayerHead {
    /** Number of classes C. */
    int classes();

    /** Declares the head's tensors, names behind {@code prefix}. */
    void declare(WeightLayout layout, String prefix, int features);

    /** Sets this head's initial values in fresh weights, where they differ from the layers' usual ones. */
    void initialise(Weights weights, String prefix, int features, long seed);

    /**
     * Logits. x: N×D → N×C.
     *
     * @param dropout the source of dropout's randomness while training, when batch norm uses the batch's statistics; empty for evaluation
     */
    NDArray forward(NDArray x, Tensors weights, String prefix, Optional<RandomGenerator> dropout);
}
