package org.millrace.encoder.tensor;

import static org.millrace.contract.Check.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Named float32 tensors in the safetensors format: eight bytes of header length, a JSON header of names, types, shapes and offsets,
 * then the values, little-endian. Another writer's F64, F16, BF16 and I64 are read as the nearest float32; tensors of further types may
 * stand in a file, but their values cannot be had. Immutable.
 */
public final class Safetensors {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METADATA = "__metadata__";
    private static final int ALIGNMENT = 8;
    private static final String RUNNING_VARIANCE = "running_var";

    private final Map<String, Tensor> tensors;
    private final Map<String, String> metadata;

    private Safetensors(Map<String, Tensor> tensors, Map<String, String> metadata) {
        this.tensors = tensors;
        this.metadata = metadata;
    }

    /** Reads a file's bytes; throws {@link IllegalArgumentException} that says what is wrong with them. */
    public static Safetensors parse(byte[] file) {
        check(file.length >= Long.BYTES, "a safetensors file has at least 8 bytes, but this has %d", file.length);
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long headerLength = bytes.getLong();
        check(
                headerLength >= 2 && headerLength <= bytes.remaining(),
                "the safetensors header claims %d bytes, but the file has %d left",
                headerLength,
                bytes.remaining());
        int start = Long.BYTES + (int) headerLength;
        JsonNode header = header(file, (int) headerLength);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : header.properties()) {
            if (entry.getKey().equals(METADATA)) {
                entry.getValue()
                        .properties()
                        .forEach(item ->
                                metadata.put(item.getKey(), item.getValue().asText()));
            } else {
                tensors.put(entry.getKey(), tensor(entry.getKey(), entry.getValue(), bytes, start));
            }
        }
        return new Safetensors(tensors, metadata);
    }

    /** The file's bytes; throws {@link IllegalArgumentException} where it was read with a tensor of a type whose values we do not read. */
    public byte[] toBytes() {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            metadata.forEach(header.putObject(METADATA)::put);
        }
        long at = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Tensor tensor = entry.getValue();
            unreadable(entry.getKey(), tensor).ifPresent(problem -> {
                throw new IllegalArgumentException(problem);
            });
            ObjectNode description = header.putObject(entry.getKey());
            description.put("dtype", "F32");
            Arrays.stream(tensor.shape()).forEach(description.putArray("shape")::add);
            long end = at + (long) tensor.values().length * Float.BYTES;
            description.putArray("data_offsets").add(at).add(end);
            at = end;
        }
        byte[] json = padded(header.toString().getBytes(StandardCharsets.UTF_8));
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(Long.BYTES + json.length + at))
                .order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        for (Tensor tensor : tensors.values()) {
            file.asFloatBuffer().put(tensor.values());
            file.position(file.position() + tensor.values().length * Float.BYTES);
        }
        return file.array();
    }

    public Set<String> names() {
        return tensors.keySet();
    }

    /** What the file says of itself besides its tensors. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /** The tensors whose names begin with {@code prefix}, by name without it. */
    public Safetensors part(String prefix) {
        Map<String, Tensor> part = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), tensor);
            }
        });
        return new Safetensors(part, metadata);
    }

    /** The same tensors, and this said besides. */
    public Safetensors withMetadata(Map<String, String> items) {
        return new Safetensors(tensors, new LinkedHashMap<>(items));
    }

    /** The tensors of those names, as far as they are there. */
    public Safetensors only(Set<String> names) {
        Map<String, Tensor> some = new LinkedHashMap<>(tensors);
        some.keySet().retainAll(names);
        return new Safetensors(some, metadata);
    }

    /** The first value that no weight can have, in words: NaN, an infinity, or a running variance below zero. */
    public Optional<String> wrongValue() {
        return tensors.keySet().stream()
                .flatMap(name -> wrongValue(name).stream())
                .findFirst();
    }

    private Optional<String> wrongValue(String name) {
        Tensor tensor = existing(name);
        boolean variance = name.endsWith(RUNNING_VARIANCE);
        for (int i = 0; i < tensor.values().length; i++) {
            float value = tensor.values()[i];
            if (!Float.isFinite(value) || (variance && value < 0)) {
                return Optional.of("tensor " + name + " has " + value + " at " + position(i, tensor.shape())
                        + (variance
                                ? "; a running variance must be finite and not negative"
                                : "; weights must be finite"));
            }
        }
        return Optional.empty();
    }

    private static String position(int index, long[] shape) {
        long[] position = new long[shape.length];
        long rest = index;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            position[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        return Arrays.toString(position);
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
    float[] weight(String name, long... shape) {
        float[] values = tensor(name, shape);
        wrongValue(name).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return values;
    }

    /** Why {@link #tensor} would not give that tensor; empty where it does. */
    Optional<String> misfit(String name, long... shape) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            return Optional.of("the weights file has no tensor " + name);
        }
        if (!Arrays.equals(tensor.shape(), shape)) {
            return Optional.of("tensor " + name + " must have the shape " + Arrays.toString(shape) + ", but has "
                    + Arrays.toString(tensor.shape()));
        }
        return unreadable(name, tensor);
    }

    private Tensor existing(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("the weights file has no tensor " + name);
        }
        return tensor;
    }

    private static Optional<String> unreadable(String name, Tensor tensor) {
        return ElementType.of(tensor.type()).isPresent()
                ? Optional.empty()
                : Optional.of(
                        "tensor " + name + " must be one of " + ElementType.names() + ", but is " + tensor.type());
    }

    private static JsonNode header(byte[] file, int length) {
        try {
            return JSON.readTree(file, Long.BYTES, length);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the safetensors header is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Tensor tensor(String name, JsonNode description, ByteBuffer bytes, int start) {
        String type = description.path("dtype").asText();
        long from = description.path("data_offsets").path(0).asLong(-1);
        long to = description.path("data_offsets").path(1).asLong(-1);
        check(
                0 <= from && from <= to && to <= bytes.capacity() - start,
                "tensor %s lies at [%d, %d), outside the file",
                name,
                from,
                to);
        long[] shape = new long[description.path("shape").size()];
        long size = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = description.path("shape").path(i).asLong();
            size *= shape[i];
        }
        Optional<ElementType> readable = ElementType.of(type);
        if (readable.isEmpty()) {
            return new Tensor(shape, type, new float[0]);
        }
        long values = (to - from) / readable.get().bytes();
        check(
                values * readable.get().bytes() == to - from && values == size,
                "tensor %s has %d bytes for %d values of %s",
                name,
                to - from,
                size,
                type);
        ByteBuffer data = bytes.slice(start + (int) from, (int) (to - from)).order(ByteOrder.LITTLE_ENDIAN);
        return new Tensor(shape, type, read(data, readable.get(), (int) values));
    }

    private static float[] read(ByteBuffer data, ElementType type, int size) {
        float[] values = new float[size];
        if (type == ElementType.F32) {
            data.asFloatBuffer().get(values);
            return values;
        }
        for (int i = 0; i < size; i++) {
            values[i] = type.read(data);
        }
        return values;
    }

    private static byte[] padded(byte[] json) {
        int padding = (ALIGNMENT - json.length % ALIGNMENT) % ALIGNMENT;
        byte[] padded = Arrays.copyOf(json, json.length + padding);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Tensor(long[] shape, String type, float[] values) {}

    /** Collects tensors in the order in which the file will hold them. */
    public static final class Builder {
        private final Map<String, Tensor> tensors = new LinkedHashMap<>();

        /** Adds a tensor; the values are not copied. */
        public Builder add(String name, long[] shape, float[] values) {
            long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            check(
                    size == values.length,
                    "tensor %s has %d values for the shape %s",
                    name,
                    values.length,
                    Arrays.toString(shape));
            check(
                    tensors.put(name, new Tensor(shape, ElementType.F32.name(), values)) == null,
                    "tensor %s is added twice",
                    name);
            return this;
        }

        public Safetensors build() {
            return new Safetensors(tensors, Map.of());
        }
    }
}
