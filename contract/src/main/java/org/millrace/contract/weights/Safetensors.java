package org.millrace.contract.weights;

import static org.millrace.contract.Check.check;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Named float32 tensors, as a safetensors file holds them. Another writer's F64, F16, BF16 and I64 are read as the nearest float32;
 * tensors of further types may stand in a file, but their values cannot be read. Immutable.
 */
public final class Safetensors {
    private final Map<String, StoredTensor> tensors;
    private final Map<String, String> metadata;

    private Safetensors(Map<String, StoredTensor> tensors, Map<String, String> metadata) {
        this.tensors = tensors;
        this.metadata = metadata;
    }

    /** Reads a file's bytes; throws {@link IllegalArgumentException} that says what is wrong with them. */
    public static Safetensors parse(byte[] file) {
        SafetensorsFormat read = SafetensorsFormat.read(file);
        return new Safetensors(read.tensors(), read.metadata());
    }

    /** The file's bytes; throws {@link IllegalArgumentException} where it was read with a tensor of a type whose values we do not read. */
    public byte[] toBytes() {
        return new SafetensorsFormat(tensors, metadata).write();
    }

    /** The tensors' names, in the order of the file. */
    public Set<String> names() {
        return tensors.keySet();
    }

    /** The file's own remarks beside its tensors. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /** The tensors whose names begin with {@code prefix}, by name without it. */
    public Safetensors part(String prefix) {
        Map<String, StoredTensor> part = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), tensor);
            }
        });
        return new Safetensors(part, metadata);
    }

    /** The same tensors with these remarks instead. */
    public Safetensors withMetadata(Map<String, String> items) {
        return new Safetensors(tensors, new LinkedHashMap<>(items));
    }

    /** The tensors of those names, as far as they are there. */
    public Safetensors only(Set<String> names) {
        Map<String, StoredTensor> some = new LinkedHashMap<>(tensors);
        some.keySet().retainAll(names);
        return new Safetensors(some, metadata);
    }

    /**
     * The same tensors, some under other names.
     *
     * @param names new ones by old ones
     * @throws IllegalArgumentException where two tensors would have one name
     */
    public Safetensors renamed(Map<String, String> names) {
        Map<String, StoredTensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            String other = names.getOrDefault(name, name);
            check(renamed.put(other, tensor) == null, "two tensors would have the name %s", other);
        });
        return new Safetensors(renamed, metadata);
    }

    /** The tensors without those of these names, and others behind them. */
    public Safetensors replaced(Set<String> gone, Safetensors others) {
        Map<String, StoredTensor> all = new LinkedHashMap<>(tensors);
        all.keySet().removeAll(gone);
        all.putAll(others.tensors);
        return new Safetensors(all, metadata);
    }

    /** The first value that no weight can have, in words: NaN, an infinity, or a running variance below zero. */
    public Optional<String> wrongValue() {
        return tensors.entrySet().stream()
                .flatMap(entry -> entry.getValue().wrongValue(entry.getKey()).stream())
                .findFirst();
    }

    /** The shape of a tensor; throws {@link IllegalArgumentException} where there is none of that name. */
    public long[] shape(String name) {
        return existing(name).shape().clone();
    }

    /**
     * Values in row-major order; throws {@link IllegalArgumentException} where the tensor is missing, of another shape or of a type whose
     * values we do not read.
     */
    public float[] tensor(String name, long... shape) {
        misfit(name, shape).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return existing(name).values();
    }

    /** The same for a network to take; throws {@link IllegalArgumentException} also on a {@linkplain #wrongValue wrong value}. */
    public float[] weight(String name, long... shape) {
        float[] values = tensor(name, shape);
        existing(name).wrongValue(name).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return values;
    }

    /** Why {@link #tensor} would not give that tensor; empty where it does. */
    public Optional<String> misfit(String name, long... shape) {
        StoredTensor tensor = tensors.get(name);
        return tensor == null ? Optional.of(missing(name)) : tensor.misfit(name, shape);
    }

    private StoredTensor existing(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(missing(name));
        }
        return tensor;
    }

    private static String missing(String name) {
        return "the weights file has no tensor " + name;
    }

    /** Collects tensors in the order in which the file will hold them. */
    public static final class Builder {
        private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

        /** Adds a tensor; the values are not copied. */
        public Builder add(String name, long[] shape, float[] values) {
            StoredTensor tensor = StoredTensor.of(name, shape, values);
            check(tensors.put(name, tensor) == null, "tensor %s is added twice", name);
            return this;
        }

        public Safetensors build() {
            return new Safetensors(tensors, Map.of());
        }
    }
}
