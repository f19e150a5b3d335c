package org.millrace.encoder.precision;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import java.util.function.Supplier;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Precision;
import org.millrace.encoder.tensor.Torch;

/**
 * Forward passes of networks in an engine's precision. What comes out is float32, and so is the gradient of float32 weights. Stateless and
 * thread safe; half precision is on for the thread that computes, and only while it does. docs/decisions/0032-half-precision.md.
 */
public final class ForwardPass {
    private static final Shape ONE = new Shape(1);

    private final Precision precision;
    private final Optional<Autocast> autocast; // none in float32

    /** In the engine's precision; throws {@link UserException} where its libtorch has no such arithmetic. */
    public ForwardPass(Torch torch) {
        this.precision = torch.precision();
        this.autocast = precision.isHalf() ? Optional.of(Autocast.load(torch.isGpu(), precision)) : Optional.empty();
    }

    /** What a network makes of its input: float32, N×…. */
    public NDArray of(Supplier<NDArray> network) {
        return inFloat32(computed(network));
    }

    /** The same of a network with several outputs, which may be in half precision. */
    public <T> T computed(Supplier<T> network) {
        if (autocast.isEmpty()) {
            return network.get();
        }
        AutocastScope scope = new AutocastScope(autocast.get(), precision);
        try {
            return network.get();
        } finally {
            scope.close();
        }
    }

    /**
     * An output in float32, to the bit, with its gradient's way back; the tensor itself where networks compute in float32. DJL's own
     * conversion would cut that way, so it is multiplied by a float32 tensor of one dimension, which has the wider type.
     */
    public NDArray inFloat32(NDArray output) {
        return autocast.isEmpty() ? output : output.mul(output.getManager().ones(ONE));
    }
}
