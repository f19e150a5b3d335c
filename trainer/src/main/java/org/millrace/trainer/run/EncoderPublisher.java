package org.millrace.trainer.run;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.GuardTeacher;
import org.millrace.contract.config.Learning;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.EncoderRecords;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.FeatureTrial;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.journal.Outbox;

/**
 * Sends encoders to {@code <run>.encoders} and removes the oldest. An encoder's version is the step after which it was taken, so publishing
 * it again after a restart changes nothing. Not thread safe.
 */
public final class EncoderPublisher {
    private final Outbox outbox;
    private final MillraceConfig config;
    private final Clock clock;
    private final Deque<Long> published = new ArrayDeque<>();
    private final Function<Safetensors, Optional<String>> trial;
    private Optional<String> first; // SHA-256 of the file of encoder 0 on the topic, where it is known

    /**
     * @param published versions that stand on the topic already, besides the first
     * @param first SHA-256 of encoder 0 on the topic, where a part of the encoder learns and it is there
     * @param trial what is wrong with the features of an encoder with these weights, if anything is
     */
    EncoderPublisher(
            Outbox outbox,
            MillraceConfig config,
            List<Long> published,
            Optional<String> first,
            Clock clock,
            Function<Safetensors, Optional<String>> trial) {
        this.first = first;
        this.trial = trial;
        this.outbox = outbox;
        this.config = config;
        this.clock = clock;
        this.published.addAll(published);
    }

    /** One that tries each encoder before it is sent: whether this machine computes features with its weights. */
    public static EncoderPublisher of(
            Outbox outbox, MillraceConfig config, KafkaSettings kafka, Torch torch, List<Long> published, Clock clock) {
        Optional<String> first = config.encoder().train() == Learning.ALL
                ? Optional.empty()
                : PublishedEncoders.all(kafka, config.run().topics()).stream()
                        .filter(manifest -> manifest.version() == 0)
                        .map(EncoderManifest::sha256)
                        .findFirst();
        return new EncoderPublisher(
                outbox,
                config,
                published,
                first,
                clock,
                weights -> FeatureTrial.problem(torch, config.encoder(), weights));
    }

    /**
     * What was learned of an encoder, for a topic that has what it began as.
     *
     * @param base SHA-256 of the file of that
     */
    public record Learned(Safetensors file, String base) {}

    /** Sends a whole encoder, as {@link #publish(long, long, Safetensors, Optional)}. */
    public void publish(long step, long imagesTrained, Safetensors encoder) {
        publish(step, imagesTrained, encoder, Optional.empty());
    }

    /**
     * Sends the encoder and removes the oldest ones beyond {@code trainer.encoders-kept}; the first (version 0) stays.
     *
     * @param encoder whole
     * @param learned what is sent instead, where encoder 0 on the topic is what it began as; a branch has another one, or none
     * @throws UserException where a weight or a feature is not finite
     */
    public void publish(long step, long imagesTrained, Safetensors encoder, Optional<Learned> learned) {
        encoder.wrongValue().or(() -> trial.apply(encoder)).ifPresent(wrong -> {
            throw new UserException("the encoder after step " + step + " is not published: " + wrong
                    + (step == 0
                            ? ". Nothing has been trained yet: check encoder.initial-weights, encoder.mean and"
                                    + " encoder.standard-deviation."
                            : ". Training diverged: lower optimiser.learning-rate or lengthen optimiser.warmup-steps, and"
                                    + " start a new run."));
        });
        String topic = config.run().topics().encoders();
        Optional<Learned> sent = learned.filter(part -> step > 0 && first.equals(Optional.of(part.base())));
        byte[] file = sent.map(Learned::file).orElse(encoder).toBytes();
        if (step == 0) {
            first = Optional.of(Sha256.of(file));
        }
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>(EncoderRecords.of(
                topic,
                file,
                (bytes, chunks, sha256) -> new EncoderManifest(
                        EncoderManifest.SCHEMA,
                        config.run().name(),
                        step,
                        step,
                        imagesTrained,
                        config.encoder(),
                        bytes,
                        chunks,
                        sha256,
                        clock.millis(),
                        sent.map(Learned::base))));
        int chunks = records.size() - 1; // of each version but the first: they are of one size
        if (step > 0 && !published.contains(step)) {
            published.add(step);
        }
        for (long version : surplus()) {
            published.remove(version);
            records.addAll(EncoderRecords.removal(topic, version, chunks));
        }
        outbox.send(records);
    }

    // the oldest beyond those that are kept; the run's own pinned teacher is not counted and stays
    private List<Long> surplus() {
        List<Long> passing =
                published.stream().filter(version -> !isTeacher(version)).toList();
        return passing.subList(0, Math.max(0, passing.size() - config.trainer().encodersKept()));
    }

    private boolean isTeacher(long version) {
        return config.guard().named() instanceof GuardTeacher.Pinned pinned
                && pinned.version() == version
                && pinned.run().map(run -> run.equals(config.run().name())).orElse(true);
    }

    /** Versions on the topic besides the first, oldest first. */
    public List<Long> published() {
        return List.copyOf(published);
    }

    /** The newest version on the topic; 0 where there is none besides the first. */
    public long newest() {
        return published.isEmpty() ? 0 : published.getLast();
    }
}
