package org.millrace.encoder.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Weights.Slice;

/**
 * Named tensors that lie one after another in one tensor.
 *
 * @param values of all of them; of one 0 where there is none, since a tensor must have a value
 */
record FlatTensor(List<WeightSpec> specs, NDArray values) {
    FlatTensor {
        specs = List.copyOf(specs);
    }

    /** A tensor of these values, which lives as long as the manager. */
    static FlatTensor of(List<WeightSpec> specs, float[] values, NDManager manager) {
        return new FlatTensor(specs, manager.create(values.length == 0 ? new float[1] : values));
    }

    boolean isEmpty() {
        return specs.isEmpty();
    }

    /** The same tensors with other values. */
    FlatTensor with(NDArray other) {
        return new FlatTensor(specs, other);
    }

    List<Slice> slices() {
        List<Slice> slices = new ArrayList<>();
        long at = 0;
        for (WeightSpec spec : specs) {
            slices.add(new Slice(at, at + spec.size(), spec.shape().dimension()));
            at += spec.size();
        }
        return slices;
    }

    /** Each tensor by its name, as a view that lives as long as the values. */
    Map<String, NDArray> views() {
        Map<String, NDArray> views = new HashMap<>();
        long at = 0;
        for (WeightSpec spec : specs) {
            NDArray view = values.get(at + ":" + (at + spec.size()));
            views.put(spec.name(), spec.shape().dimension() == 1 ? view : view.reshape(spec.shape()));
            at += spec.size();
        }
        return views;
    }

    /** Each tensor by its name, as a piece that lives as long as {@code scope} and through which gradients flow. */
    Map<String, NDArray> pieces(NDManager scope) {
        Map<String, NDArray> named = new HashMap<>();
        if (specs.isEmpty()) {
            return named;
        }
        long[] ends =
                slices().stream().limit(specs.size() - 1L).mapToLong(Slice::to).toArray();
        // split into one piece would be the flat tensor itself, which the scope must not close
        NDList pieces = ends.length == 0 ? new NDList(values.get("0:" + values.size())) : values.split(ends, 0);
        pieces.attach(scope);
        for (int i = 0; i < specs.size(); i++) {
            WeightSpec spec = specs.get(i);
            named.put(spec.name(), pieces.get(i).reshape(spec.shape()));
        }
        return named;
    }

    /** Adds the tensors whose names begin with {@code prefix}, by name without it. */
    void writeTo(Safetensors.Builder file, String prefix) {
        float[] all = values.toFloatArray();
        int at = 0;
        for (WeightSpec spec : specs) {
            if (spec.name().startsWith(prefix)) {
                float[] tensor = Arrays.copyOfRange(all, at, at + spec.size());
                file.add(spec.name().substring(prefix.length()), spec.shape().getShape(), tensor);
            }
            at += spec.size();
        }
    }

    /** Takes the wanted tensors whose names begin with {@code prefix}; the file has them by name without it. */
    void read(Safetensors file, String prefix, Predicate<String> wanted) {
        float[] all = values.toFloatArray();
        int at = 0;
        for (WeightSpec spec : specs) {
            if (spec.name().startsWith(prefix) && wanted.test(spec.name())) {
                float[] tensor = file.weight(
                        spec.name().substring(prefix.length()), spec.shape().getShape());
                System.arraycopy(tensor, 0, all, at, tensor.length);
            }
            at += spec.size();
        }
        InPlace.overwrite(values, all);
    }
}
