package org.millrace.trainer;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Json;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.trainer.journal.Outbox;

/**
 * Sends encoders to {@code <run>.encoders}: the weights in chunks small enough for any broker, then their manifest. An encoder's version
 * is the step after which it was taken, so publishing it again after a restart changes nothing. Not thread safe.
 */
final class EncoderPublisher {
    private static final int CHUNK_BYTES = 512 * 1024;

    private final Outbox outbox;
    private final MillraceConfig config;
    private final Clock clock;
    private final Deque<Long> published = new ArrayDeque<>();
    private final Function<Safetensors, Optional<String>> trial;

    /**
     * @param published versions that stand on the topic already, besides the first
     * @param trial what is wrong with the features of an encoder with these weights, if anything is
     */
    EncoderPublisher(
            Outbox outbox,
            MillraceConfig config,
            List<Long> published,
            Clock clock,
            Function<Safetensors, Optional<String>> trial) {
        this.trial = trial;
        this.outbox = outbox;
        this.config = config;
        this.clock = clock;
        this.published.addAll(published);
    }

    /**
     * Sends the encoder and removes the oldest ones beyond {@code trainer.encoders-kept}; the first (version 0) stays.
     *
     * @throws UserException where a weight or a feature is not finite
     */
    void publish(long step, long imagesTrained, Safetensors encoder) {
        encoder.wrongValue().or(() -> trial.apply(encoder)).ifPresent(wrong -> {
            throw new UserException("the encoder after step " + step + " is not published: " + wrong
                    + (step == 0
                            ? ". Nothing has been trained yet: check encoder.initial-weights, encoder.mean and"
                                    + " encoder.standard-deviation."
                            : ". Training diverged: lower optimiser.learning-rate or lengthen optimiser.warmup-steps, and"
                                    + " start a new run."));
        });
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        byte[] file = encoder.toBytes();
        int chunks = (file.length + CHUNK_BYTES - 1) / CHUNK_BYTES;
        for (int i = 0; i < chunks; i++) {
            int from = i * CHUNK_BYTES;
            records.add(
                    record(step + "/" + i, Arrays.copyOfRange(file, from, Math.min(file.length, from + CHUNK_BYTES))));
        }
        var manifest = new EncoderManifest(
                EncoderManifest.SCHEMA,
                config.run().name(),
                step,
                step,
                imagesTrained,
                config.encoder(),
                file.length,
                chunks,
                Sha256.of(file),
                clock.millis());
        records.add(record(step + "/manifest", Json.write(manifest)));
        if (step > 0 && !published.contains(step)) {
            published.add(step);
        }
        while (published.size() > config.trainer().encodersKept()) {
            records.addAll(removal(published.remove(), chunks));
        }
        outbox.send(records);
    }

    /** Versions on the topic besides the first, oldest first. */
    List<Long> published() {
        return List.copyOf(published);
    }

    private List<ProducerRecord<byte[], byte[]>> removal(long version, int chunks) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        records.add(record(version + "/manifest", null));
        for (int i = 0; i < chunks; i++) {
            records.add(record(version + "/" + i, null));
        }
        return records;
    }

    private ProducerRecord<byte[], byte[]> record(String key, byte @Nullable [] value) {
        return new ProducerRecord<>(config.run().topics().encoders(), key.getBytes(StandardCharsets.UTF_8), value);
    }
}
