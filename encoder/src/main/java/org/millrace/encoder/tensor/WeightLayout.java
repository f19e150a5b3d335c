package org.millrace.encoder.tensor;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.WeightSpec.Initial;
import org.millrace.encoder.tensor.WeightSpec.Kind;

/** The tensors of a network, in order. A network declares them; afterwards the layout is only read. Not thread safe while declaring. */
public final class WeightLayout {
    private static final int OF_BUFFERS = 1 << 20; // number of their first generator

    private final List<WeightSpec> parameters = new ArrayList<>();
    private final List<WeightSpec> buffers = new ArrayList<>();
    private float adapterScale = 1;
    private final Map<String, float[]> given = new HashMap<>(); // values of buffers

    /** Convolution without bias. */
    public void convolution(String name, int outputs, int inputs, int size) {
        convolution(name, outputs, inputs, size, Initial.KAIMING_FAN_OUT);
    }

    /** Convolution without bias, with initial values of that kind. */
    public void convolution(String name, int outputs, int inputs, int size, Initial initial) {
        parameters.add(
                new WeightSpec(name + ".weight", new Shape(outputs, inputs, size, size), Kind.PARAMETER, initial));
    }

    /** The bias of the layer declared last, whose initial range is the weight's. */
    public void bias(String name, int outputs) {
        parameters.add(new WeightSpec(name + ".bias", new Shape(outputs), Kind.PARAMETER, Initial.UNIFORM_FAN_IN));
    }

    /** Batch norm with scale and shift, and its running statistics. */
    public void batchNorm(String name, int channels) {
        Shape shape = new Shape(channels);
        parameters.add(new WeightSpec(name + ".weight", shape, Kind.PARAMETER, Initial.ONE));
        parameters.add(new WeightSpec(name + ".bias", shape, Kind.PARAMETER, Initial.ZERO));
        buffers.add(new WeightSpec(name + ".running_mean", shape, Kind.BUFFER, Initial.ZERO));
        buffers.add(new WeightSpec(name + ".running_var", shape, Kind.BUFFER, Initial.ONE));
    }

    /** A parameter of any shape. */
    public void parameter(String name, Shape shape, Initial initial) {
        parameters.add(new WeightSpec(name, shape, Kind.PARAMETER, initial));
    }

    /** A tensor that no gradient reaches and that stays as it begins. */
    public void buffer(String name, Shape shape, Initial initial) {
        buffers.add(new WeightSpec(name, shape, Kind.BUFFER, initial));
    }

    /** The same with these values, row by row. */
    public void buffer(String name, Shape shape, float[] values) {
        check(values.length == shape.size(), "%s needs %d values, but got %d", name, shape.size(), values.length);
        buffer(name, shape, Initial.GIVEN);
        given.put(name, values.clone());
    }

    /** Layer norm: scale and shift. */
    public void layerNorm(String name, int channels) {
        groupNorm(name, channels);
    }

    /** Group norm: scale and shift. */
    public void groupNorm(String name, int channels) {
        Shape shape = new Shape(channels);
        parameters.add(new WeightSpec(name + ".weight", shape, Kind.PARAMETER, Initial.ONE));
        parameters.add(new WeightSpec(name + ".bias", shape, Kind.PARAMETER, Initial.ZERO));
    }

    /** Batch norm without scale and shift: running statistics only. */
    public void plainBatchNorm(String name, int channels) {
        Shape shape = new Shape(channels);
        buffers.add(new WeightSpec(name + ".running_mean", shape, Kind.BUFFER, Initial.ZERO));
        buffers.add(new WeightSpec(name + ".running_var", shape, Kind.BUFFER, Initial.ONE));
    }

    /** Fully connected layer with bias, whose initial range is the weight's. */
    public void linear(String name, int outputs, int inputs) {
        parameters.add(
                new WeightSpec(name + ".weight", new Shape(outputs, inputs), Kind.PARAMETER, Initial.UNIFORM_FAN_IN));
        bias(name, outputs);
    }

    /** Keeps the parameters declared so far whose names are such as they begin: no gradient reaches them. */
    public void freeze(Predicate<String> names) {
        parameters.replaceAll(spec -> names.test(spec.name()) ? spec.frozen() : spec);
    }

    /**
     * Declares a {@link LowRank} adapter beside each linear layer declared so far whose name is such; at first they add nothing.
     *
     * @param names of layers, without {@code .weight}
     * @param scale of what every adapter of the layout adds
     */
    public void adapt(Predicate<String> names, int rank, float scale) {
        adapterScale = scale;
        for (WeightSpec spec : List.copyOf(parameters)) {
            LowRank.layerOf(spec.name()).filter(names).ifPresent(layer -> {
                long outputs = spec.shape().get(0);
                long inputs = spec.shape().get(1);
                parameter(layer + LowRank.DOWN, new Shape(rank, inputs), Initial.UNIFORM_FAN_IN);
                parameter(layer + LowRank.UP, new Shape(outputs, rank), Initial.ZERO);
            });
        }
    }

    /**
     * Why a file does not hold exactly this layout's tensors, a line each: wrong shapes, then missing tensors, then unknown ones. Empty
     * where it does.
     *
     * @param ignored names that the file may have in addition
     */
    public List<String> misfits(Safetensors file, Predicate<String> ignored) {
        List<String> misfits = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        Set<String> unknown = new LinkedHashSet<>(file.names());
        unknown.removeIf(ignored);
        Stream.concat(parameters.stream(), buffers.stream()).forEach(spec -> {
            List<String> kind = file.names().contains(spec.name()) ? misfits : missing;
            file.misfit(spec.name(), spec.shape().getShape()).ifPresent(kind::add);
            unknown.remove(spec.name());
        });
        misfits.addAll(missing);
        unknown.forEach(name -> misfits.add(
                "the network has no tensor " + name + ", whose shape is " + Arrays.toString(file.shape(name))));
        return misfits;
    }

    /** Number P of all parameters that learn. */
    public int parameterCount() {
        return size(learned());
    }

    /** The tensors' names. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        Stream.concat(parameters.stream(), buffers.stream()).forEach(spec -> names.add(spec.name()));
        return names;
    }

    /** Fresh values of the parameters, one tensor after the other; each draws from its own generator, by its position. */
    float[] initialParameters(long seed) {
        return initialValues(parameters, seed, 0);
    }

    /** Fresh values of the buffers; they draw from other generators than the parameters. */
    float[] initialBuffers(long seed) {
        return initialValues(buffers, seed, OF_BUFFERS);
    }

    /** Parameters, frozen ones among them. */
    List<WeightSpec> parameters() {
        return parameters;
    }

    List<WeightSpec> learned() {
        return parameters.stream().filter(spec -> spec.kind() == Kind.PARAMETER).toList();
    }

    List<WeightSpec> frozen() {
        return parameters.stream().filter(spec -> spec.kind() == Kind.FROZEN).toList();
    }

    float adapterScale() {
        return adapterScale;
    }

    List<WeightSpec> buffers() {
        return buffers;
    }

    static int size(List<WeightSpec> specs) {
        return specs.stream().mapToInt(WeightSpec::size).sum();
    }

    private float[] initialValues(List<WeightSpec> specs, long seed, int firstGenerator) {
        float[] values = new float[size(specs)];
        int at = 0;
        double fanIn = 1;
        for (int i = 0; i < specs.size(); i++) {
            WeightSpec spec = specs.get(i);
            if (spec.shape().dimension() > 1) {
                fanIn = spec.size() / (double) spec.shape().get(0);
            }
            CounterRandom random = CounterRandom.of(seed, 0, CounterRandom.Purpose.WEIGHTS, firstGenerator + i);
            fill(values, at, spec, fanIn, random);
            at += spec.size();
        }
        return values;
    }

    // kernels U(±√(6 / fan-in)), which keeps a layer's scale; scales and variances about 1, shifts and means about 0
    static float[] valuesForTrying(List<WeightSpec> specs) {
        float[] values = new float[size(specs)];
        var random = new SplittableRandom(1);
        int at = 0;
        for (WeightSpec spec : specs) {
            boolean kernel = spec.shape().dimension() > 1;
            boolean scale = spec.initial() == Initial.ONE || spec.initial() == Initial.LAYER_SCALE;
            double middle = !kernel && scale ? 1 : 0;
            double bound = kernel ? Math.sqrt(6.0 * spec.shape().get(0) / spec.size()) : middle == 1 ? 0.5 : 0.1;
            for (int end = at + spec.size(); at < end; at++) {
                values[at] = (float) (middle + bound * (2 * random.nextDouble() - 1));
            }
        }
        return values;
    }

    private void fill(float[] values, int from, WeightSpec spec, double fanIn, CounterRandom random) {
        int size = spec.size();
        int inputs = size / Math.toIntExact(spec.shape().get(0));
        double deviation = Math.sqrt(2.0 * spec.shape().get(spec.shape().dimension() > 1 ? 1 : 0) / size);
        double bound = switch (spec.initial()) {
            case XAVIER -> xavier(spec, 1);
            case XAVIER_OF_THIRDS -> xavier(spec, 3);
            default -> 1 / Math.sqrt(fanIn);
        };
        for (int i = from; i < from + size; i++) {
            values[i] = switch (spec.initial()) {
                case ZERO -> 0;
                case ONE -> 1;
                case KAIMING_FAN_OUT -> (float) (deviation * random.nextGaussian());
                case UNIFORM_FAN_IN, XAVIER, XAVIER_OF_THIRDS -> (float) random.nextDouble(-bound, bound);
                case NORMAL_SMALL -> (float) (0.02 * random.nextGaussian());
                case NORMAL_TINY -> (float) (1e-6 * random.nextGaussian());
                case LAYER_SCALE -> 1e-5f;
                case GIVEN -> Objects.requireNonNull(given.get(spec.name()))[i - from];
                case NEAR_IDENTITY ->
                    (i - from) % inputs == (i - from) / inputs ? 1 : (float) random.nextDouble(-0.01, 0.01);
            };
        }
    }

    // the bound of U for a layer, or for each of so many layers that stand below each other in a tensor
    private static double xavier(WeightSpec spec, int layers) {
        double outputs = spec.shape().get(0) / (double) layers;
        return Math.sqrt(6 / (outputs + spec.size() / (double) spec.shape().get(0)));
    }
}
