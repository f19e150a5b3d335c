package org.millrace.encoder.tensor;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.types.Shape;

/**
 * One named tensor of a network: a parameter, which the optimiser changes, one that is frozen, or a buffer (running statistics of
 * batch norm, layers that no network of its kind learns).
 *
 * @param name as torchvision names it, behind the part's prefix
 * @param initial how a fresh network fills it
 */
public record WeightSpec(String name, Shape shape, Kind kind, Initial initial) {
    public WeightSpec {
        check(shape.size() > 0, "%s must have a size, but its shape is %s", name, shape);
    }

    int size() {
        return Math.toIntExact(shape.size());
    }

    /** The same tensor, frozen. */
    WeightSpec frozen() {
        return new WeightSpec(name, shape, Kind.FROZEN, initial);
    }

    /** Whether gradients reach the tensor. */
    public enum Kind {
        PARAMETER,
        /** A parameter that this run keeps as it began. */
        FROZEN,
        BUFFER
    }

    /** Initial values; fan-in and fan-out as PyTorch counts them. */
    public enum Initial {
        ZERO,
        ONE,
        /** N(0, 2 / fan-out): He et al. 2015, as torchvision's ResNets. */
        KAIMING_FAN_OUT,
        /** U(±1 / √fan-in): PyTorch's linear layer and convolution. */
        UNIFORM_FAN_IN,
        /** 1 from an input to the output of its number, U(±0.01) elsewhere: a 1×1 kernel that passes its input on. */
        NEAR_IDENTITY,
        /** U(±√(6 / (fan-in + outputs))): Glorot and Bengio 2010, as MoCo v3's transformers. */
        XAVIER,
        /** The same of three layers below each other, each by itself: queries, keys and values. */
        XAVIER_OF_THIRDS,
        /** N(0, 0.02²): position embeddings. */
        NORMAL_SMALL,
        /** N(0, (10⁻⁶)²): class token and registers. */
        NORMAL_TINY,
        /** 10⁻⁵: DINOv2's LayerScale. */
        LAYER_SCALE,
        /** Values that the layout was given. */
        GIVEN
    }
}
