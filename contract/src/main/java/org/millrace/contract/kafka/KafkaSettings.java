package org.millrace.contract.kafka;

import java.util.HashMap;
import java.util.Map;

/**
 * Properties of Kafka clients: what Millrace needs, under what the user says. {@code kafka.x} goes to every client, {@code
 * kafka.consumer.x}, {@code kafka.producer.x}, {@code kafka.admin.x} and {@code kafka.streams.x} to those alone.
 *
 * @param bootstrapServers host:port, comma-separated
 * @param user the keys {@code kafka.*} without that prefix
 */
public record KafkaSettings(String bootstrapServers, Map<String, String> user) {
    private static final String[] KINDS = {"consumer.", "producer.", "admin.", "streams."};

    public KafkaSettings {
        user = Map.copyOf(user);
    }

    /** Byte-array consumer without a group: partitions are assigned, offsets live with the state that they belong to. */
    public Map<String, Object> consumer(Map<String, Object> needs) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        properties.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "none");
        properties.put("isolation.level", "read_committed");
        // closing waits for the fetch under way, which a broker without news answers after this: 500 by default
        properties.put("fetch.max.wait.ms", "100");
        return client("consumer.", properties, needs);
    }

    /** Byte-array producer: idempotent, acknowledged by all replicas. */
    public Map<String, Object> producer(Map<String, Object> needs) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        properties.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        properties.put("acks", "all");
        properties.put("enable.idempotence", "true");
        return client("producer.", properties, needs);
    }

    public Map<String, Object> admin() {
        return client("admin.", new HashMap<>(), Map.of());
    }

    /** How long an answer to an admin client is waited for: {@code kafka.admin.default.api.timeout.ms}, or this where the user says nothing. */
    public int answerMillis(int otherwise) {
        Object wanted = admin().get("default.api.timeout.ms");
        return wanted != null && wanted.toString().matches("[1-9]\\d{0,8}")
                ? Integer.parseInt(wanted.toString())
                : otherwise;
    }

    /** Kafka Streams, whose own clients take {@code kafka.consumer.x} and {@code kafka.producer.x} too. */
    public Map<String, Object> streams(Map<String, Object> needs) {
        Map<String, Object> properties = client("streams.", new HashMap<>(), needs);
        user.forEach((key, value) -> {
            if (key.startsWith("consumer.") || key.startsWith("producer.") || key.startsWith("admin.")) {
                properties.put(key, value);
            }
        });
        return properties;
    }

    private Map<String, Object> client(String kind, Map<String, Object> properties, Map<String, Object> needs) {
        properties.putAll(needs);
        user.forEach((key, value) -> {
            if (key.startsWith(kind)) {
                return;
            }
            for (String other : KINDS) {
                if (key.startsWith(other)) {
                    return;
                }
            }
            properties.put(key, value);
        });
        user.forEach((key, value) -> {
            if (key.startsWith(kind)) {
                properties.put(key.substring(kind.length()), value);
            }
        });
        properties.put("bootstrap.servers", bootstrapServers);
        TokenEndpoint.allow(properties);
        CompressionLibraries.loaded(); // before a client does it, which would leave files behind
        return properties;
    }
}
