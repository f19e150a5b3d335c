package org.millrace.contract.weights;

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
import java.util.Optional;

/**
 * The bytes of a safetensors file: eight bytes of header length, a JSON header of names, types, shapes and offsets, padded with spaces
 * to eight bytes, then the values, all little-endian.
 *
 * @param tensors by name, in the order of the file
 * @param metadata the header's texts about the file
 */
record SafetensorsFormat(Map<String, StoredTensor> tensors, Map<String, String> metadata) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METADATA = "__metadata__";
    private static final int ALIGNMENT = 8;

    /** Reads a file; throws {@link IllegalArgumentException} that says what is wrong with its bytes. */
    static SafetensorsFormat read(byte[] file) {
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
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
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
        return new SafetensorsFormat(tensors, metadata);
    }

    /** The file, all of float32; throws {@link IllegalArgumentException} where a tensor is of a type whose values we do not read. */
    byte[] write() {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            metadata.forEach(header.putObject(METADATA)::put);
        }
        long at = 0;
        for (Map.Entry<String, StoredTensor> entry : tensors.entrySet()) {
            StoredTensor tensor = entry.getValue();
            tensor.unreadable(entry.getKey()).ifPresent(problem -> {
                throw new IllegalArgumentException(problem);
            });
            ObjectNode description = header.putObject(entry.getKey());
            description.put("dtype", ElementType.F32.name());
            Arrays.stream(tensor.shape()).forEach(description.putArray("shape")::add);
            long end = at + (long) tensor.values().length * Float.BYTES;
            description.putArray("data_offsets").add(at).add(end);
            at = end;
        }
        byte[] json = padded(header.toString().getBytes(StandardCharsets.UTF_8));
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(Long.BYTES + json.length + at))
                .order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        for (StoredTensor tensor : tensors.values()) {
            file.asFloatBuffer().put(tensor.values());
            file.position(file.position() + tensor.values().length * Float.BYTES);
        }
        return file.array();
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

    private static StoredTensor tensor(String name, JsonNode description, ByteBuffer bytes, int start) {
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
            return new StoredTensor(shape, type, new float[0]);
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
        return new StoredTensor(shape, type, values(data, readable.get(), (int) values));
    }

    private static float[] values(ByteBuffer data, ElementType type, int size) {
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
}
