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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Named float32 tensors in the safetensors format: eight bytes of header length, a JSON header of names, types, shapes and offsets,
 * then the values, little-endian. Immutable.
 */
public final class Safetensors {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METADATA = "__metadata__";
    private static final int ALIGNMENT = 8;

    private final Map<String, Tensor> tensors;

    private Safetensors(Map<String, Tensor> tensors) {
        this.tensors = tensors;
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
        for (Map.Entry<String, JsonNode> entry : header.properties()) {
            if (!entry.getKey().equals(METADATA)) {
                tensors.put(entry.getKey(), tensor(entry.getKey(), entry.getValue(), bytes, start));
            }
        }
        return new Safetensors(tensors);
    }

    /** The file's bytes. */
    public byte[] toBytes() {
        ObjectNode header = JSON.createObjectNode();
        long at = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Tensor tensor = entry.getValue();
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

    /** The tensors whose names begin with {@code prefix}, under their names without it. */
    public Safetensors part(String prefix) {
        Map<String, Tensor> part = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), tensor);
            }
        });
        return new Safetensors(part);
    }

    /** Values in row-major order; throws {@link IllegalArgumentException} where the tensor is missing or of another shape. */
    public float[] tensor(String name, long... shape) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("the weights file has no tensor " + name);
        }
        check(
                Arrays.equals(tensor.shape(), shape),
                "tensor %s must have the shape %s, but has %s",
                name,
                Arrays.toString(shape),
                Arrays.toString(tensor.shape()));
        return tensor.values();
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
        check(type.equals("F32") || type.equals("I64"), "tensor %s must be F32, but is %s", name, type);
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
        boolean wide = type.equals("I64");
        check((wide ? 8 : 4) * size == to - from, "tensor %s has %d bytes for %d values", name, to - from, size);
        float[] values = new float[(int) size];
        ByteBuffer data = bytes.slice(start + (int) from, (int) (to - from)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++) {
            values[i] = wide ? (float) data.getLong() : data.getFloat();
        }
        return new Tensor(shape, values);
    }

    private static byte[] padded(byte[] json) {
        int padding = (ALIGNMENT - json.length % ALIGNMENT) % ALIGNMENT;
        byte[] padded = Arrays.copyOf(json, json.length + padding);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Tensor(long[] shape, float[] values) {}

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
            check(tensors.put(name, new Tensor(shape, values)) == null, "tensor %s is added twice", name);
            return this;
        }

        public Safetensors build() {
            return new Safetensors(tensors);
        }
    }
}
