package org.millrace.ingest.watch;

import static org.millrace.contract.Check.check;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.ingest.source.Content;

/**
 * What a watch has pushed, by the file's name within the folder. Kept on a compacted topic, whose records are written in one
 * transaction with their images. Not thread safe.
 */
final class WatchMemory {
    private static final String SEPARATOR = "!";

    private final String topic;
    private final String watch;
    private final Map<String, Remembered> byName = new HashMap<>();
    private final Map<String, Set<String>> namesBySha256 = new HashMap<>();

    /**
     * A file as it was when it was pushed or rejected.
     *
     * @param modifiedMillis Unix time
     */
    record Remembered(int schema, long bytes, long modifiedMillis, String sha256) {
        Remembered {
            check(sha256 != null, "sha256 is missing");
        }

        static final int SCHEMA = 1;

        static Remembered of(SettledFile file, Content content) {
            return new Remembered(SCHEMA, file.attributes().size(), file.modifiedMillis(), Sha256.of(content.bytes()));
        }
    }

    WatchMemory(String topic, String watch) {
        this.topic = topic;
        this.watch = watch;
    }

    /** Reads the topic to its present end. */
    void read(Consumer<byte[], byte[]> consumer) {
        RecordReader<Remembered> records = RecordReader.ofJson(Remembered.class);
        TopicReader.read(consumer, List.of(new TopicPartition(topic, 0)), record -> {
            String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
            if (key.startsWith(watch + SEPARATOR)) {
                records.read(record)
                        .ifPresent(file -> remember(key.substring(watch.length() + SEPARATOR.length()), file));
            }
        });
    }

    Optional<Remembered> of(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The names that files with these bytes were pushed under. */
    Set<String> namesOf(String sha256) {
        return Set.copyOf(namesBySha256.getOrDefault(sha256, Set.of()));
    }

    void remember(String name, Remembered file) {
        Remembered before = byName.put(name, file);
        if (before != null) {
            namesBySha256.getOrDefault(before.sha256(), new HashSet<>()).remove(name);
        }
        namesBySha256.computeIfAbsent(file.sha256(), sha256 -> new HashSet<>(1)).add(name);
    }

    /** The record that keeps a file remembered. */
    ProducerRecord<byte[], byte[]> record(String name, Remembered file) {
        return new ProducerRecord<>(
                topic, (watch + SEPARATOR + name).getBytes(StandardCharsets.UTF_8), Json.write(file));
    }
}
