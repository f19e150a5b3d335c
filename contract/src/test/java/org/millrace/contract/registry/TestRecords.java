package org.millrace.contract.registry;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.event.BucketScores;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.Standing;

/** Records as a trainer sends them: chunks of five bytes, then the manifest. */
public final class TestRecords {
    static final int CHUNK = 5;

    private TestRecords() {}

    static List<Entry> of(long version, byte[] file) {
        List<Entry> entries = new ArrayList<>();
        int chunks = (file.length + CHUNK - 1) / CHUNK;
        for (int i = 0; i < chunks; i++) {
            entries.add(new Entry(
                    version + "/" + i, Arrays.copyOfRange(file, i * CHUNK, Math.min(file.length, (i + 1) * CHUNK))));
        }
        entries.add(new Entry(version + "/manifest", Json.write(manifest(version, file, chunks))));
        return entries;
    }

    static EncoderManifest manifest(long version, byte[] file, int chunks) {
        EncoderConfig encoder = new ConfigLoader()
                .assignments(List.of("encoder.mean=0.5", "encoder.standard-deviation=0.25"))
                .load()
                .encoder();
        return new EncoderManifest(
                1, "main", version, version, version * 128, encoder, file.length, chunks, Sha256.of(file), 1);
    }

    /** Hands all entries to the assembler; the encoder that the last one completed. */
    static Optional<PublishedEncoder> feed(EncoderAssembler assembler, List<Entry> entries) {
        Optional<PublishedEncoder> last = Optional.empty();
        for (Entry entry : entries) {
            last = assembler.accept(new ConsumerRecord<>(
                    "main.encoders", 0, 0, entry.key.getBytes(StandardCharsets.UTF_8), entry.value));
        }
        return last;
    }

    /** The scores of a version, of a run whose batches have 10 images. */
    public static Evaluation scored(long version, Optional<Standing> standing, Optional<BucketScores> buckets) {
        return new Evaluation(
                Evaluation.SCHEMA,
                "main",
                version,
                version,
                10 * version,
                2,
                40,
                40,
                new Evaluation.LinearScore(0.5, 1e-3, 5, true, Optional.empty(), Optional.empty()),
                new Evaluation.NeighbourScore(0.5, 20, 0.1, Optional.empty(), Optional.empty()),
                1,
                0,
                Optional.empty(),
                Optional.empty(),
                standing,
                Optional.empty(),
                buckets,
                Optional.empty(),
                Optional.empty());
    }

    /** One record. */
    static final class Entry {
        final String key;
        final byte @Nullable [] value;

        Entry(String key, byte @Nullable [] value) {
            this.key = key;
            this.value = value;
        }
    }
}
