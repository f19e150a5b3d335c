package org.millrace.evaluator;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.RecordReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of {@code <run>.encoders} to whole encoders: chunks {@code <version>/<index>} in any order, then {@code
 * <version>/manifest}; null values take back old versions. What does not fit its manifest is reported and skipped.
 *
 * <p>Holds the chunks of two unfinished versions at most, of either a quarter of the heap at most, and after a manifest none of an older
 * version. Not thread safe.
 */
final class EncoderAssembler {
    private static final Logger LOG = LoggerFactory.getLogger(EncoderAssembler.class);
    private static final Pattern KEY = Pattern.compile("(\\d{1,18})/(manifest|\\d{1,9})");
    private static final String MANIFEST = "manifest";
    private static final int UNFINISHED_VERSIONS = 2;

    private final LinkedHashMap<Long, Map<Integer, byte[]>> chunks =
            new LinkedHashMap<>(); // by version, oldest arrival first
    private final RecordReader<EncoderManifest> manifests = RecordReader.ofJson(EncoderManifest.class);
    private final long mostBytes;

    EncoderAssembler() {
        this(Runtime.getRuntime().maxMemory() / 4); // an encoder is held as chunks, as a file and as weights
    }

    /** @param mostBytes of a version's chunks */
    EncoderAssembler(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** Takes the next record; the whole encoder where this record completes one. */
    Optional<PublishedEncoder> accept(ConsumerRecord<byte[], byte[]> record) {
        byte @Nullable [] key = record.key();
        byte @Nullable [] value = record.value();
        String text = key == null ? "" : new String(key, StandardCharsets.UTF_8);
        Matcher matcher = KEY.matcher(text);
        if (!matcher.matches()) {
            manifests.leaveOut(record, "its key is '" + text + "', wanted <version>/<index> or <version>/manifest");
            return Optional.empty();
        }
        long version = Long.parseLong(matcher.group(1));
        boolean manifest = matcher.group(2).equals(MANIFEST);
        if (value == null) {
            forget(version, manifest ? -1 : Integer.parseInt(matcher.group(2)));
            return Optional.empty();
        } else if (manifest) {
            return finish(version, record);
        }
        hold(version, Integer.parseInt(matcher.group(2)), record);
        return Optional.empty();
    }

    /** The key of a version's manifest. */
    static byte[] manifestKey(long version) {
        return (version + "/" + MANIFEST).getBytes(StandardCharsets.UTF_8);
    }

    private void hold(long version, int index, ConsumerRecord<byte[], byte[]> record) {
        Map<Integer, byte[]> held = chunks.computeIfAbsent(version, created -> new HashMap<>());
        long bytes = held.values().stream().mapToLong(chunk -> chunk.length).sum();
        if (bytes + record.value().length > mostBytes) {
            manifests.leaveOut(
                    record, "encoder " + version + " has more than " + mostBytes + " bytes, a quarter of the heap");
            return;
        }
        held.put(index, record.value());
        if (chunks.size() > UNFINISHED_VERSIONS) {
            Iterator<Long> versions = chunks.keySet().iterator();
            LOG.debug("the chunks of encoder {} are dropped: its manifest has not come", versions.next());
            versions.remove();
        }
    }

    /** Takes back one chunk, or the whole version where the index is negative. */
    private void forget(long version, int index) {
        Map<Integer, byte[]> held = chunks.get(version);
        if (held != null) {
            held.remove(index);
            if (index < 0 || held.isEmpty()) {
                chunks.remove(version);
            }
        }
    }

    private Optional<PublishedEncoder> finish(long version, ConsumerRecord<byte[], byte[]> record) {
        Map<Integer, byte[]> held = chunks.getOrDefault(version, Map.of());
        Optional<EncoderManifest> manifest = manifests.read(record);
        if (manifest.isEmpty()) {
            return Optional.empty(); // and the chunks stay: the version's own manifest may be still to come
        }
        chunks.keySet().removeIf(older -> older <= version);
        try {
            return Optional.of(new PublishedEncoder(manifest.get(), file(version, manifest.get(), held)));
        } catch (SkippedException e) {
            manifests.leaveOut(record, "encoder " + version + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    private static byte[] file(long version, EncoderManifest manifest, Map<Integer, byte[]> held) {
        if (manifest.version() != version) {
            throw new SkippedException("its manifest is of version " + manifest.version());
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        for (int i = 0; i < manifest.chunks(); i++) {
            byte[] chunk = held.get(i);
            if (chunk == null) {
                throw new SkippedException("chunk " + i + " of " + manifest.chunks() + " is missing");
            }
            file.writeBytes(chunk);
        }
        if (file.size() != manifest.bytes()) {
            throw new SkippedException("its chunks have " + file.size() + " bytes, not " + manifest.bytes());
        }
        byte[] bytes = file.toByteArray();
        if (!Sha256.of(bytes).equals(manifest.sha256())) {
            throw new SkippedException("the SHA-256 of its chunks is not the manifest's");
        }
        return bytes;
    }

    /** Why an encoder cannot be put together. */
    private static final class SkippedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        SkippedException(String message) {
            super(message);
        }
    }
}
