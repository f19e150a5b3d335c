package org.millrace.contract.event;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Bytes that someone may write where an event is expected, made of an event that is right. */
final class ForgedRecords {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    /** One of each JSON type, and numbers and texts at the ends of what there is. */
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\"text\"",
            "\"NaN\"",
            "\"-Infinity\"",
            "0",
            "-1",
            "0.5",
            "1e308",
            "1e999999999",
            "-9223372036854775808",
            "9223372036854775807",
            "2147483648",
            "9".repeat(200),
            "[null]",
            "[[[[]]]]",
            "{\"\":null}",
            "\"\\u0000\\u001b[31m\\n\"");

    private ForgedRecords() {}

    /** Each value in the place of each field, each field left out, and each cut of the text. */
    static List<byte[]> of(Object event) {
        List<byte[]> forged = new ArrayList<>();
        byte[] whole = Json.write(event);
        try {
            JsonNode tree = MAPPER.readTree(whole);
            for (Field field : fields(tree)) {
                JsonNode right = field.parent().remove(field.name());
                forged.add(bytes(text(tree)));
                field.parent().put(field.name(), "@@");
                String marked = text(tree);
                for (String value : VALUES) {
                    forged.add(bytes(marked.replace("\"@@\"", value)));
                }
                field.parent().set(field.name(), right);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        for (int length = 0; length < whole.length; length += 1 + whole.length / 40) {
            forged.add(Arrays.copyOf(whole, length));
        }
        VALUES.forEach(value -> forged.add(bytes(value)));
        forged.add(bytes("[".repeat(100_000)));
        forged.add(bytes("{\"a\":".repeat(100_000)));
        forged.add(bytes("\"" + "x".repeat(2_000_000) + "\""));
        forged.add(bytes("{\"" + "x".repeat(200_000) + "\":1}"));
        return forged;
    }

    /** Bytes without meaning, and the event with some of its bytes changed. */
    static byte[] random(Object event, Random random) {
        byte[] bytes = random.nextBoolean() ? Json.write(event) : new byte[random.nextInt(300)];
        for (int i = random.nextInt(1 + bytes.length / 8); i >= 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    private record Field(ObjectNode parent, String name) {}

    private static String text(JsonNode tree) throws JsonProcessingException {
        return MAPPER.writeValueAsString(tree);
    }

    private static List<Field> fields(JsonNode tree) {
        List<Field> fields = new ArrayList<>();
        if (tree instanceof ObjectNode object) {
            object.fieldNames().forEachRemaining(name -> {
                fields.add(new Field(object, name));
                fields.addAll(fields(object.get(name)));
            });
        } else if (tree instanceof ArrayNode array) {
            array.forEach(element -> fields.addAll(fields(element)));
        }
        return fields;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
