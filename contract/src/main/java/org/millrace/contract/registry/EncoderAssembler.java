package org.millrace.contract.registry;

import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.OutsideText;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.Learning;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.RecordReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of {@code <run>.encoders} to whole encoders: chunks {@code <version>/<index>} in any order, then {@code
 * <version>/manifest}; null values take back old versions. Of a run in which a part of the encoder learns, encoder 0 is held for the later ones, which have that
 * part. What does not fit its manifest is reported and skipped.
 *
 * <p>Holds the chunks of two unfinished versions at most, of either a quarter of the heap at most, and after a manifest none of an older
 * version. Not thread safe.
 */
public final class EncoderAssembler {
    private static final Logger LOG = LoggerFactory.getLogger(EncoderAssembler.class);
    private static final int UNFINISHED_VERSIONS = 2;

    private final LinkedHashMap<Long, Map<Integer, byte[]>> chunks =
            new LinkedHashMap<>(); // by version, oldest arrival first
    private final RecordReader<EncoderManifest> manifests = RecordReader.ofJson(EncoderManifest.class);
    private final long mostBytes;
    private @Nullable First first; // where later encoders may need it

    /** Encoder 0's file. */
    @SuppressWarnings("ArrayRecordComponent")
    private record First(byte[] file, String sha256) {}

    public EncoderAssembler() {
        this(Runtime.getRuntime().maxMemory() / 4); // an encoder is held as chunks, as a file and as weights
    }

    /** @param mostBytes of a version's chunks */
    EncoderAssembler(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** Takes the next record; the whole encoder where this record completes one. */
    public Optional<PublishedEncoder> accept(ConsumerRecord<byte[], byte[]> record) {
        Optional<EncoderRecords.Key> known = EncoderRecords.key(record.key());
        if (known.isEmpty()) {
            String text = record.key() == null ? "" : OutsideText.of(record.key());
            manifests.leaveOut(record, "its key is '" + text + "', wanted <version>/<index> or <version>/manifest");
            return Optional.empty();
        }
        EncoderRecords.Key key = known.get();
        if (record.value() == null) {
            forget(key);
            return Optional.empty();
        } else if (key.chunk().isEmpty()) {
            return finish(key.version(), record);
        }
        hold(key.version(), key.chunk().getAsInt(), record);
        return Optional.empty();
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

    /** Takes back one chunk, or with its manifest the whole version. */
    private void forget(EncoderRecords.Key key) {
        Map<Integer, byte[]> held = chunks.get(key.version());
        if (held != null) {
            key.chunk().ifPresent(held::remove);
            if (key.chunk().isEmpty() || held.isEmpty()) {
                chunks.remove(key.version());
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
            return Optional.of(published(manifest.get(), file(version, manifest.get(), held)));
        } catch (SkippedException e) {
            manifests.leaveOut(record, "encoder " + version + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    private PublishedEncoder published(EncoderManifest manifest, byte[] file) {
        if (manifest.version() == 0) {
            first = manifest.encoder().train() == Learning.ALL ? null : new First(file, manifest.sha256());
        }
        if (manifest.base().isEmpty()) {
            return new PublishedEncoder(manifest, file);
        }
        First known = first;
        String base = manifest.base().get();
        if (known == null || !known.sha256().equals(base)) {
            throw new SkippedException("it has only what was learned, and encoder 0 with the SHA-256 " + base
                    + ", with which the run began, is not before it");
        }
        return new PublishedEncoder(manifest, file, known.file());
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
