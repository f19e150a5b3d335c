package org.millrace.encoder.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights of a network: all parameters in one flat tensor and all buffers in another, so that optimiser, moving average and
 * checkpoint each touch one tensor. Networks see named slices. Not thread safe; the owner closes it.
 */
public final class Weights implements AutoCloseable {
    private final NDManager manager;
    private final List<WeightSpec> parameterSpecs;
    private final List<WeightSpec> bufferSpecs;
    private final NDArray parameters; // P
    private final NDArray buffers; // B
    private final Map<String, NDArray> bufferViews;
    private final List<Slice> slices = new ArrayList<>();
    private final Convolution convolution;

    private Weights(Torch torch, WeightLayout layout, float[] parameterValues, float[] bufferValues) {
        this.manager = torch.newManager();
        this.convolution = torch.convolution();
        this.parameterSpecs = List.copyOf(layout.parameters());
        this.bufferSpecs = List.copyOf(layout.buffers());
        this.parameters = manager.create(parameterValues);
        this.buffers = manager.create(bufferValues.length == 0 ? new float[1] : bufferValues);
        long next = 0;
        for (WeightSpec spec : parameterSpecs) {
            slices.add(new Slice(next, next + spec.size(), spec.shape().dimension()));
            next += spec.size();
        }
        this.bufferViews = views(bufferSpecs, buffers);
    }

    /** Fresh weights, the same for the same seed. */
    public static Weights initialised(Torch torch, WeightLayout layout, long seed) {
        return new Weights(torch, layout, layout.initialParameters(seed), layout.initialBuffers(seed));
    }

    /** Fixed weights under which every tensor changes the output: for checking a network. */
    public static Weights forTrying(Torch torch, WeightLayout layout) {
        return new Weights(
                torch,
                layout,
                WeightLayout.valuesForTrying(layout.parameters()),
                WeightLayout.valuesForTrying(layout.buffers()));
    }

    /** Makes these parameters collect gradients; returns this. */
    public Weights requireGradient() {
        parameters.setRequiresGradient(true);
        return this;
    }

    /** The named tensors for one forward pass; they live as long as {@code scope}, and gradients flow through them to the flat tensor. */
    public Tensors tensors(NDManager scope) {
        Map<String, NDArray> named = new HashMap<>(bufferViews);
        long[] ends = new long[parameterSpecs.size() - 1];
        long at = 0;
        for (int i = 0; i < ends.length; i++) {
            at += parameterSpecs.get(i).size();
            ends[i] = at;
        }
        // split into one piece would be the flat tensor itself, which the scope must not close
        NDList pieces =
                ends.length == 0 ? new NDList(parameters.get("0:" + parameters.size())) : parameters.split(ends, 0);
        pieces.attach(scope);
        for (int i = 0; i < parameterSpecs.size(); i++) {
            WeightSpec spec = parameterSpecs.get(i);
            named.put(spec.name(), pieces.get(i).reshape(spec.shape()));
        }
        return new Tensors(named, convolution);
    }

    /** The same with copies of the buffers, so that batch norm leaves the network's own running statistics unchanged. */
    public Tensors tensorsBesideBuffers(NDManager scope) {
        Map<String, NDArray> named = new HashMap<>(tensors(scope).named());
        NDArray copy = buffers.duplicate();
        copy.attach(scope);
        named.putAll(views(bufferSpecs, copy));
        return new Tensors(named, convolution);
    }

    // each tensor's part of a flat tensor of all, by name
    private static Map<String, NDArray> views(List<WeightSpec> specs, NDArray flat) {
        Map<String, NDArray> views = new HashMap<>();
        long at = 0;
        for (WeightSpec spec : specs) {
            NDArray view = flat.get(at + ":" + (at + spec.size()));
            views.put(spec.name(), spec.shape().dimension() == 1 ? view : view.reshape(spec.shape()));
            at += spec.size();
        }
        return views;
    }

    /** One tensor's place in a flat tensor of all parameters. */
    public record Slice(long from, long to, int dimensions) {
        /** Whether it is a convolution's kernel or a linear layer's matrix; not a bias, a norm, a token or position embeddings. */
        public boolean isKernel() {
            return dimensions == 2 || dimensions == 4;
        }

        /** Its values in a flat tensor, as a view; closed with {@code scope}. */
        public NDArray of(NDArray flat, NDManager scope) {
            NDArray part = flat.get(from + ":" + to);
            part.attach(scope);
            return part;
        }
    }

    /** The places of the parameters, in the order of the layout. */
    public List<Slice> slices() {
        return slices;
    }

    /** All parameters, P, in the order of the layout; the tensor itself, not a copy. */
    public NDArray parameters() {
        return parameters;
    }

    /** All buffers; the tensor itself, not a copy. */
    public NDArray buffers() {
        return buffers;
    }

    /** The gradient of all parameters, P; the caller closes the handle. */
    public NDArray gradient() {
        return parameters.getGradient();
    }

    public void zeroGradient() {
        JniUtils.zeroGrad((PtNDArray) parameters);
    }

    /** The values of the tensors whose names begin with {@code prefix}, by name without it, in the order of the layout. */
    public Safetensors snapshot(String prefix) {
        Safetensors.Builder file = new Safetensors.Builder();
        collect(file, parameterSpecs, parameters, prefix);
        collect(file, bufferSpecs, buffers, prefix);
        return file.build();
    }

    /** Takes every tensor that the file has; throws {@link IllegalArgumentException} on another shape or a value that is not finite. */
    public void read(Safetensors file) {
        read("", file);
    }

    /** Takes the tensors of the part named {@code prefix}, whose names in the file lack that prefix. */
    public void read(String prefix, Safetensors file) {
        put(file, parameterSpecs, parameters, prefix);
        put(file, bufferSpecs, buffers, prefix);
    }

    @Override
    public void close() {
        manager.close();
    }

    private static void collect(Safetensors.Builder file, List<WeightSpec> specs, NDArray flat, String prefix) {
        float[] values = flat.toFloatArray();
        int at = 0;
        for (WeightSpec spec : specs) {
            if (spec.name().startsWith(prefix)) {
                float[] tensor = Arrays.copyOfRange(values, at, at + spec.size());
                file.add(spec.name().substring(prefix.length()), spec.shape().getShape(), tensor);
            }
            at += spec.size();
        }
    }

    private static void put(Safetensors file, List<WeightSpec> specs, NDArray flat, String prefix) {
        float[] all = flat.toFloatArray();
        int at = 0;
        for (WeightSpec spec : specs) {
            if (spec.name().startsWith(prefix)) {
                float[] tensor = file.weight(
                        spec.name().substring(prefix.length()), spec.shape().getShape());
                System.arraycopy(tensor, 0, all, at, tensor.length);
            }
            at += spec.size();
        }
        InPlace.overwrite(flat, all);
    }
}
