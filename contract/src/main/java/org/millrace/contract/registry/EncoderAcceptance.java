package org.millrace.contract.registry;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.EncoderAccepted;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;

/** The operator's word that a held encoder may be taken, as an event on {@code <run>.evaluations}. */
public final class EncoderAcceptance {
    private EncoderAcceptance() {}

    /**
     * Accepts a version; the broker has it on return.
     *
     * @return what stands on the topic with it
     * @throws UserException where that version is not held
     */
    public static Standings accept(KafkaSettings kafka, RunTopics topics, long version, Clock clock) {
        Standings standings = PublishedEvaluations.read(kafka, topics).standings();
        if (!standings.isHeld(version)) {
            throw new UserException("encoder " + version + " of run " + topics.run() + " is not held"
                    + (standings.isScored(version) ? ": it may be taken already" : ": it was not scored")
                    + "\nHeld: " + (standings.held().isEmpty() ? "none" : standings.held()) + ".");
        }
        var event = new EncoderAccepted(EncoderAccepted.SCHEMA, topics.run(), version, clock.millis());
        send(kafka, topics, event, "that encoder " + version + " is accepted");
        standings.accept(event);
        return standings;
    }

    /** Appends the operator's word to the topic; the broker has it on return. */
    static void send(KafkaSettings kafka, RunTopics topics, EvaluationEvent event, String what) {
        byte[] key = Long.toString(event.version()).getBytes(StandardCharsets.UTF_8);
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            producer.send(new ProducerRecord<>(topics.evaluations(), key, Json.write(event)))
                    .get();
        } catch (ExecutionException e) {
            throw new UserException(
                    what + " could not be sent to the topic " + topics.evaluations() + ": " + e.getCause()
                            + "\nCheck that the topic may be written, then try again.",
                    e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
