package org.millrace.trainer.rounds;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.kafka.Chunks;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;

/** Merged states on the compacted topic {@code <run>.globals}: chunks under {@code <round>/<index>}, then a manifest under {@code <round>/manifest}. */
final class Globals {
    private static final String MANIFEST = "manifest";
    private static final Pattern KEY = Pattern.compile("(\\d{1,18})/(" + MANIFEST + "|\\d{1,9})");

    private Globals() {}

    /**
     * Which chunks make a state.
     *
     * @param sha256 of the file, which is the state's digest
     */
    record Manifest(long round, int chunks, String sha256) {}

    /** The records of a state, in the order in which they are sent. */
    static List<ProducerRecord<byte[], byte[]>> records(String topic, GlobalState state) {
        byte[] file = state.toBytes();
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        int chunks = 0;
        for (byte[] chunk : Chunks.of(file)) {
            records.add(new ProducerRecord<>(topic, key(state.round(), String.valueOf(chunks++)), chunk));
        }
        Manifest manifest = new Manifest(state.round(), chunks, Sha256.of(file));
        records.add(new ProducerRecord<>(topic, key(state.round(), MANIFEST), Json.write(manifest)));
        return records;
    }

    /** The records that take a state of so many chunks back. */
    static List<ProducerRecord<byte[], byte[]>> removal(String topic, Manifest manifest) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        records.add(new ProducerRecord<>(topic, key(manifest.round(), MANIFEST), null));
        for (int i = 0; i < manifest.chunks(); i++) {
            records.add(new ProducerRecord<>(topic, key(manifest.round(), String.valueOf(i)), null));
        }
        return records;
    }

    /**
     * What the topic holds.
     *
     * @param newest the newest whole state
     * @param manifests of all, by round
     */
    record Held(Optional<GlobalState> newest, NavigableMap<Long, Manifest> manifests) {}

    /** Reads the topic as it is now, but for states that the journal does not come to, which anyone may have written. */
    static Held read(KafkaSettings kafka, String topic, Rounds journal) {
        Map<String, byte[]> chunks = new TreeMap<>();
        NavigableMap<Long, Manifest> manifests = new TreeMap<>();
        RecordReader<Manifest> reader = RecordReader.ofJson(Manifest.class);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            TopicReader.read(consumer, TopicReader.partitions(consumer, topic), record -> {
                byte[] name = record.key();
                Matcher key = KEY.matcher(name == null ? "" : new String(name, StandardCharsets.UTF_8));
                if (!key.matches()) {
                    return;
                }
                long round = Long.parseLong(key.group(1));
                if (record.value() == null) {
                    chunks.remove(key.group());
                    manifests.computeIfPresent(
                            round, (any, manifest) -> key.group(2).equals(MANIFEST) ? null : manifest);
                } else if (key.group(2).equals(MANIFEST)) {
                    reader.read(record)
                            .filter(manifest -> manifest.round() == round && journal.comesTo(round, manifest.sha256()))
                            .ifPresent(manifest -> manifests.put(round, manifest));
                } else {
                    chunks.put(key.group(), record.value());
                }
            });
        }
        Optional<GlobalState> newest = manifests.descendingMap().values().stream()
                .flatMap(manifest -> state(manifest, chunks).stream())
                .findFirst();
        return new Held(newest, manifests);
    }

    private static Optional<GlobalState> state(Manifest manifest, Map<String, byte[]> chunks) {
        List<byte[]> parts = new ArrayList<>();
        for (int i = 0; i < manifest.chunks(); i++) {
            byte @Nullable [] chunk = chunks.get(manifest.round() + "/" + i);
            if (chunk == null) {
                return Optional.empty();
            }
            parts.add(chunk);
        }
        byte[] file = Chunks.joined(parts);
        return Sha256.of(file).equals(manifest.sha256()) ? Optional.of(GlobalState.parse(file)) : Optional.empty();
    }

    private static byte[] key(long round, String part) {
        return (round + "/" + part).getBytes(StandardCharsets.UTF_8);
    }
}
