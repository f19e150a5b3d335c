package org.millrace.contract.registry;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.SpaceManifest;
import org.millrace.contract.kafka.Chunks;

/**
 * An adapter as records of {@code <run>.spaces}: its file in chunks under the keys {@code <from>-<to>/<index>}, then its manifest under
 * {@code <from>-<to>/manifest}. A null value takes a record back.
 */
public final class SpaceRecords {
    private static final String MANIFEST = "manifest";
    private static final Pattern KEY = Pattern.compile("(\\d{1,18})-(\\d{1,18})/(" + MANIFEST + "|\\d{1,9})");

    private SpaceRecords() {}

    /** Which adapter: from the features of one encoder to the space of another, by their versions. */
    public record Pair(long from, long to) {
        @Override
        public String toString() {
            return from + "-" + to;
        }
    }

    /** @param chunk its index; empty for the manifest */
    public record Key(Pair pair, OptionalInt chunk) {
        public boolean isManifest() {
            return chunk.isEmpty();
        }
    }

    /** A manifest without size and SHA-256, which come from the file. */
    public interface Described {
        SpaceManifest of(long bytes, int chunks, String sha256);
    }

    /** An adapter's records, in the order in which they are sent. */
    public static List<ProducerRecord<byte[], byte[]>> of(String topic, byte[] file, Described described) {
        List<byte[]> chunks = Chunks.of(file);
        SpaceManifest manifest = described.of(file.length, chunks.size(), Sha256.of(file));
        Pair pair = new Pair(manifest.from(), manifest.to());
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < chunks.size(); i++) {
            records.add(new ProducerRecord<>(topic, key(pair, String.valueOf(i)), chunks.get(i)));
        }
        records.add(new ProducerRecord<>(topic, key(pair, MANIFEST), Json.write(manifest)));
        return records;
    }

    /** The records that take back an adapter of so many chunks. */
    public static List<ProducerRecord<byte[], byte[]>> removal(String topic, Pair pair, int chunks) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        records.add(new ProducerRecord<>(topic, key(pair, MANIFEST), null));
        for (int i = 0; i < chunks; i++) {
            records.add(new ProducerRecord<>(topic, key(pair, String.valueOf(i)), null));
        }
        return records;
    }

    /** A record's place in an adapter; empty where its key is none of these. */
    public static Optional<Key> key(byte @Nullable [] key) {
        Matcher matcher = KEY.matcher(key == null ? "" : new String(key, StandardCharsets.UTF_8));
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String part = matcher.group(3);
        return Optional.of(new Key(
                new Pair(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))),
                part.equals(MANIFEST) ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(part))));
    }

    private static byte[] key(Pair pair, String part) {
        return (pair + "/" + part).getBytes(StandardCharsets.UTF_8);
    }
}
