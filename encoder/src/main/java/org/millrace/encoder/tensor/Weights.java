package org.millrace.encoder.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.WeightSpec.Kind;

/**
 * The weights of a network: all parameters that learn in one flat tensor, frozen ones in another and all buffers in a third, so that
 * optimiser, moving average and checkpoint each touch one tensor. Networks see named slices. Not thread safe; the owner closes it.
 */
public final class Weights implements AutoCloseable {
    private final NDManager manager;
    private final List<WeightSpec> allSpecs; // parameters, frozen ones among them
    private final FlatTensor parameters; // P
    private final FlatTensor frozen; // F
    private final FlatTensor buffers; // B
    private final Map<String, NDArray> bufferViews;
    private final List<Slice> slices;
    private final Convolution convolution;
    private final float adapterScale;

    /** @param shared has these frozen parameters, in whose memory they lie; none for memory of their own */
    private Weights(
            Torch torch, WeightLayout layout, float[] parameterValues, float[] bufferValues, Optional<Weights> shared) {
        this.manager = torch.newManager();
        this.convolution = torch.convolution();
        this.allSpecs = List.copyOf(layout.parameters());
        this.adapterScale = layout.adapterScale();
        this.parameters =
                FlatTensor.of(layout.learned(), partOf(parameterValues, Kind.PARAMETER, layout.learned()), manager);
        this.frozen = shared.map(other -> other.frozen)
                .orElseGet(() ->
                        FlatTensor.of(layout.frozen(), partOf(parameterValues, Kind.FROZEN, layout.frozen()), manager));
        this.buffers = FlatTensor.of(layout.buffers(), bufferValues, manager);
        this.slices = List.copyOf(parameters.slices());
        this.bufferViews = buffers.views();
    }

    // of values of all parameters
    private float[] partOf(float[] values, Kind kind, List<WeightSpec> wanted) {
        float[] part = new float[WeightLayout.size(wanted)];
        int from = 0;
        int to = 0;
        for (WeightSpec spec : allSpecs) {
            if (spec.kind() == kind) {
                System.arraycopy(values, from, part, to, spec.size());
                to += spec.size();
            }
            from += spec.size();
        }
        return part;
    }

    /** Fresh weights, the same for the same seed. */
    public static Weights initialised(Torch torch, WeightLayout layout, long seed) {
        return new Weights(
                torch, layout, layout.initialParameters(seed), layout.initialBuffers(seed), Optional.empty());
    }

    /** The same with the frozen parameters of another network that froze the same ones and outlives this. */
    public static Weights initialisedBeside(Weights other, Torch torch, WeightLayout layout, long seed) {
        return new Weights(
                torch, layout, layout.initialParameters(seed), layout.initialBuffers(seed), Optional.of(other));
    }

    /** Fixed weights under which every tensor changes the output: for checking a network. */
    public static Weights forTrying(Torch torch, WeightLayout layout) {
        return new Weights(
                torch,
                layout,
                WeightLayout.valuesForTrying(layout.parameters()),
                WeightLayout.valuesForTrying(layout.buffers()),
                Optional.empty());
    }

    /** Makes these parameters collect gradients; returns this. */
    public Weights requireGradient() {
        parameters.values().setRequiresGradient(true);
        return this;
    }

    /** The named tensors for one forward pass; they live as long as {@code scope}, and gradients flow through them to the flat tensor. */
    public Tensors tensors(NDManager scope) {
        Map<String, NDArray> named = new HashMap<>(bufferViews);
        named.putAll(parameters.pieces(scope));
        named.putAll(frozen.pieces(scope)); // or what is computed from them would live as long as they
        return new Tensors(named, convolution, adapterScale);
    }

    /** The same with copies of the buffers, so that batch norm leaves the network's own running statistics unchanged. */
    public Tensors tensorsBesideBuffers(NDManager scope) {
        Map<String, NDArray> named = new HashMap<>(tensors(scope).named());
        NDArray copy = buffers.values().duplicate();
        copy.attach(scope);
        named.putAll(buffers.with(copy).views());
        return new Tensors(named, convolution, adapterScale);
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

    /** The places of the parameters that learn, in the order of the layout. */
    public List<Slice> slices() {
        return slices;
    }

    /** All parameters that learn, P, in the order of the layout; the tensor itself, not a copy. */
    public NDArray parameters() {
        return parameters.values();
    }

    /** All buffers; the tensor itself, not a copy. */
    public NDArray buffers() {
        return buffers.values();
    }

    /** Parameters that stay as they began, in the order of the layout; the tensor itself, not a copy. Of one 0 where none is. */
    public NDArray frozen() {
        return frozen.values();
    }

    /** Whether there are any of those. */
    public boolean isPartlyFrozen() {
        return !frozen.isEmpty();
    }

    /** How many parameters of the part named {@code prefix} learn, adapters among them. */
    public long learned(String prefix) {
        return count(parameters.specs(), name -> name.startsWith(prefix));
    }

    /** How many parameters the part named {@code prefix} has, adapters left out. */
    public long parameters(String prefix) {
        return count(allSpecs, name -> name.startsWith(prefix) && !LowRank.isAdapter(name));
    }

    private static long count(List<WeightSpec> specs, Predicate<String> names) {
        return specs.stream()
                .filter(spec -> names.test(spec.name()))
                .mapToLong(WeightSpec::size)
                .sum();
    }

    /** The gradient of all parameters, P; the caller closes the handle. */
    public NDArray gradient() {
        return parameters.values().getGradient();
    }

    public void zeroGradient() {
        JniUtils.zeroGrad((PtNDArray) parameters.values());
    }

    /**
     * The values of the tensors whose names begin with {@code prefix}, by name without it, in the order of the layout; frozen parameters are
     * left out. The metadata has the scale of adapters, where there are frozen parameters.
     */
    public Safetensors snapshot(String prefix) {
        Safetensors.Builder file = new Safetensors.Builder();
        parameters.writeTo(file, prefix);
        buffers.writeTo(file, prefix);
        Safetensors learned = file.build();
        return isPartlyFrozen() ? learned.withMetadata(Map.of(LowRank.SCALE, String.valueOf(adapterScale))) : learned;
    }

    /** The same with the frozen parameters and without adapters: the whole network before its first step. */
    public Safetensors beginning(String prefix) {
        Safetensors.Builder kept = new Safetensors.Builder();
        frozen.writeTo(kept, prefix);
        Safetensors constant = kept.build();
        Safetensors learned = snapshot(prefix);
        Safetensors.Builder whole = new Safetensors.Builder();
        Stream.concat(allSpecs.stream(), buffers.specs().stream())
                .filter(spec -> spec.name().startsWith(prefix) && !LowRank.isAdapter(spec.name()))
                .forEach(spec -> {
                    String name = spec.name().substring(prefix.length());
                    long[] shape = spec.shape().getShape();
                    whole.add(name, shape, (spec.kind() == Kind.FROZEN ? constant : learned).tensor(name, shape));
                });
        return whole.build();
    }

    /**
     * Takes a whole network without adapters for the part named {@code prefix}, frozen parameters too; adapters stay as they are.
     */
    public void begin(String prefix, Safetensors whole) {
        frozen.read(whole, prefix, name -> true);
        parameters.read(whole, prefix, name -> !LowRank.isAdapter(name));
        buffers.read(whole, prefix, name -> true);
    }

    /** Takes every tensor that the file has; throws {@link IllegalArgumentException} on another shape or a value that is not finite. */
    public void read(Safetensors file) {
        read("", file);
    }

    /** Takes the tensors of the part named {@code prefix}, whose names in the file lack that prefix; frozen ones stay. */
    public void read(String prefix, Safetensors file) {
        parameters.read(file, prefix, name -> true);
        buffers.read(file, prefix, name -> true);
    }

    @Override
    public void close() {
        manager.close();
    }
}
