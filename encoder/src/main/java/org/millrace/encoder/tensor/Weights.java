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
    private final List<WeightSpec> parameterSpecs;
    private final List<WeightSpec> frozenSpecs;
    private final List<WeightSpec> bufferSpecs;
    private final NDArray parameters; // P
    private final NDArray frozen; // F
    private final NDArray buffers; // B
    private final Map<String, NDArray> bufferViews;
    private final List<Slice> slices = new ArrayList<>();
    private final Convolution convolution;
    private final float adapterScale;

    /** @param shared has these frozen parameters, in whose memory they lie; none for memory of their own */
    private Weights(
            Torch torch, WeightLayout layout, float[] parameterValues, float[] bufferValues, Optional<Weights> shared) {
        this.manager = torch.newManager();
        this.convolution = torch.convolution();
        this.allSpecs = List.copyOf(layout.parameters());
        this.parameterSpecs = List.copyOf(layout.learned());
        this.frozenSpecs = List.copyOf(layout.frozen());
        this.bufferSpecs = List.copyOf(layout.buffers());
        this.adapterScale = layout.adapterScale();
        this.parameters = manager.create(partOf(parameterValues, Kind.PARAMETER));
        this.frozen = shared.map(other -> other.frozen)
                .orElseGet(() -> manager.create(orOne(partOf(parameterValues, Kind.FROZEN))));
        this.buffers = manager.create(orOne(bufferValues));
        long next = 0;
        for (WeightSpec spec : parameterSpecs) {
            slices.add(new Slice(next, next + spec.size(), spec.shape().dimension()));
            next += spec.size();
        }
        this.bufferViews = views(bufferSpecs, buffers);
    }

    // a tensor must have a value
    private static float[] orOne(float[] values) {
        return values.length == 0 ? new float[1] : values;
    }

    // of values of all parameters
    private float[] partOf(float[] values, Kind kind) {
        List<WeightSpec> wanted = kind == Kind.FROZEN ? frozenSpecs : parameterSpecs;
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
        parameters.setRequiresGradient(true);
        return this;
    }

    /** The named tensors for one forward pass; they live as long as {@code scope}, and gradients flow through them to the flat tensor. */
    public Tensors tensors(NDManager scope) {
        Map<String, NDArray> named = new HashMap<>(bufferViews);
        putPieces(named, parameters, parameterSpecs, scope);
        putPieces(named, frozen, frozenSpecs, scope); // or what is computed from them would live as long as they
        return new Tensors(named, convolution, adapterScale);
    }

    private static void putPieces(Map<String, NDArray> named, NDArray flat, List<WeightSpec> specs, NDManager scope) {
        if (specs.isEmpty()) {
            return;
        }
        long[] ends = new long[specs.size() - 1];
        long at = 0;
        for (int i = 0; i < ends.length; i++) {
            at += specs.get(i).size();
            ends[i] = at;
        }
        // split into one piece would be the flat tensor itself, which the scope must not close
        NDList pieces = ends.length == 0 ? new NDList(flat.get("0:" + flat.size())) : flat.split(ends, 0);
        pieces.attach(scope);
        for (int i = 0; i < specs.size(); i++) {
            WeightSpec spec = specs.get(i);
            named.put(spec.name(), pieces.get(i).reshape(spec.shape()));
        }
    }

    /** The same with copies of the buffers, so that batch norm leaves the network's own running statistics unchanged. */
    public Tensors tensorsBesideBuffers(NDManager scope) {
        Map<String, NDArray> named = new HashMap<>(tensors(scope).named());
        NDArray copy = buffers.duplicate();
        copy.attach(scope);
        named.putAll(views(bufferSpecs, copy));
        return new Tensors(named, convolution, adapterScale);
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

    /** The places of the parameters that learn, in the order of the layout. */
    public List<Slice> slices() {
        return slices;
    }

    /** All parameters that learn, P, in the order of the layout; the tensor itself, not a copy. */
    public NDArray parameters() {
        return parameters;
    }

    /** All buffers; the tensor itself, not a copy. */
    public NDArray buffers() {
        return buffers;
    }

    /** Parameters that stay as they began, in the order of the layout; the tensor itself, not a copy. Of one 0 where none is. */
    public NDArray frozen() {
        return frozen;
    }

    /** Whether there are any of those. */
    public boolean isPartlyFrozen() {
        return !frozenSpecs.isEmpty();
    }

    /** How many parameters of the part named {@code prefix} learn, adapters among them. */
    public long learned(String prefix) {
        return count(parameterSpecs, name -> name.startsWith(prefix));
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
        return parameters.getGradient();
    }

    public void zeroGradient() {
        JniUtils.zeroGrad((PtNDArray) parameters);
    }

    /**
     * The values of the tensors whose names begin with {@code prefix}, by name without it, in the order of the layout; frozen parameters are
     * left out. The metadata has the scale of adapters, where there are frozen parameters.
     */
    public Safetensors snapshot(String prefix) {
        Safetensors.Builder file = new Safetensors.Builder();
        collect(file, parameterSpecs, parameters, prefix);
        collect(file, bufferSpecs, buffers, prefix);
        Safetensors learned = file.build();
        return isPartlyFrozen() ? learned.withMetadata(Map.of(LowRank.SCALE, String.valueOf(adapterScale))) : learned;
    }

    /** The same with the frozen parameters and without adapters: the whole network before its first step. */
    public Safetensors beginning(String prefix) {
        Safetensors.Builder kept = new Safetensors.Builder();
        collect(kept, frozenSpecs, frozen, prefix);
        Safetensors constant = kept.build();
        Safetensors learned = snapshot(prefix);
        Safetensors.Builder whole = new Safetensors.Builder();
        Stream.concat(allSpecs.stream(), bufferSpecs.stream())
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
        put(whole, frozenSpecs, frozen, prefix);
        put(whole, parameterSpecs, parameters, prefix, name -> !LowRank.isAdapter(name));
        put(whole, bufferSpecs, buffers, prefix);
    }

    /** Takes every tensor that the file has; throws {@link IllegalArgumentException} on another shape or a value that is not finite. */
    public void read(Safetensors file) {
        read("", file);
    }

    /** Takes the tensors of the part named {@code prefix}, whose names in the file lack that prefix; frozen ones stay. */
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
        put(file, specs, flat, prefix, name -> true);
    }

    private static void put(
            Safetensors file, List<WeightSpec> specs, NDArray flat, String prefix, Predicate<String> wanted) {
        float[] all = flat.toFloatArray();
        int at = 0;
        for (WeightSpec spec : specs) {
            if (spec.name().startsWith(prefix) && wanted.test(spec.name())) {
                float[] tensor = file.weight(
                        spec.name().substring(prefix.length()), spec.shape().getShape());
                System.arraycopy(tensor, 0, all, at, tensor.length);
            }
            at += spec.size();
        }
        InPlace.overwrite(flat, all);
    }
}
