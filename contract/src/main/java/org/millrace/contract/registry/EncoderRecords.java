package org.millrace.contract.registry;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.Chunks;

/**
 * An encoder as records of {@code <run>.encoders}: its file in chunks small enough for any broker, under the keys {@code
 * <version>/<index>}, then its manifest under {@code <version>/manifest}. A null value takes a record back.
 */
public final class EncoderRecords {
    private static final String MANIFEST = "manifest";
    private static final Pattern KEY = Pattern.compile("(\\d{1,18})/(" + MANIFEST + "|\\d{1,9})");

    private EncoderRecords() {}

    /** @param chunk its index; empty for the manifest */
    record Key(long version, OptionalInt chunk) {}

    /** A manifest without size and SHA-256, which come from the file. */
    public interface Described {
        EncoderManifest of(long bytes, int chunks, String sha256);
    }

    /** An encoder's records, in the order in which they are sent. */
    public static List<ProducerRecord<byte[], byte[]>> of(String topic, byte[] file, Described described) {
        List<byte[]> chunks = Chunks.of(file);
        EncoderManifest manifest = described.of(file.length, chunks.size(), Sha256.of(file));
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < chunks.size(); i++) {
            records.add(new ProducerRecord<>(topic, chunkKey(manifest.version(), i), chunks.get(i)));
        }
        records.add(new ProducerRecord<>(topic, manifestKey(manifest.version()), Json.write(manifest)));
        return records;
    }

    /** The records that take back an encoder of so many chunks. */
    public static List<ProducerRecord<byte[], byte[]>> removal(String topic, long version, int chunks) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        records.add(new ProducerRecord<>(topic, manifestKey(version), null));
        for (int i = 0; i < chunks; i++) {
            records.add(new ProducerRecord<>(topic, chunkKey(version, i), null));
        }
        return records;
    }

    /** The version whose manifest has that key; empty for the keys of weights, and for what is no key. */
    public static OptionalLong manifestVersion(byte @Nullable [] key) {
        return key(key).filter(known -> known.chunk().isEmpty())
                .map(known -> OptionalLong.of(known.version()))
                .orElse(OptionalLong.empty());
    }

    /** A record's place in an encoder; empty where its key is none of these. */
    static Optional<Key> key(byte @Nullable [] key) {
        Matcher matcher = KEY.matcher(key == null ? "" : new String(key, StandardCharsets.UTF_8));
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String part = matcher.group(2);
        return Optional.of(new Key(
                Long.parseLong(matcher.group(1)),
                part.equals(MANIFEST) ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(part))));
    }

    private static byte[] manifestKey(long version) {
        return (version + "/" + MANIFEST).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] chunkKey(long version, int index) {
        return (version + "/" + index).getBytes(StandardCharsets.UTF_8);
    }
}
