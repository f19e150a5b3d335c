package org.millrace.evaluator;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topic {@code <run>.evaluations}: which versions are done, which of them are held, and the place of new scores. Not thread safe. */
final class EvaluationLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EvaluationLog.class);

    private final String topic;
    private final Producer<byte[], byte[]> producer;
    private final EvaluationListener listener;
    private final Standings standings = new Standings();

    EvaluationLog(String topic, Producer<byte[], byte[]> producer, EvaluationListener listener) {
        this.topic = topic;
        this.producer = producer;
        this.listener = listener;
    }

    /** Whether the version has its evaluation. */
    boolean has(long version) {
        return standings.isScored(version);
    }

    /** Which encoders are current, held and revoked; it changes as the topic goes on. */
    Standings standings() {
        return standings;
    }

    /** Takes a record of the topic: one of an earlier start, of another evaluator, or our own. */
    void accept(byte @Nullable [] value) {
        if (value == null) {
            return;
        }
        try {
            EvaluationEvent event = Json.read(value, EvaluationEvent.class);
            boolean isNew = !has(event.version());
            standings.accept(event);
            if (event instanceof Evaluation evaluation && isNew) {
                listener.evaluated(evaluation);
            }
        } catch (UncheckedIOException e) {
            LOG.warn("a record of {} is left out: it is no event of an evaluator", topic);
            LOG.debug("the record of {}", topic, e);
        }
    }

    /** Publishes the scores and waits until the broker has them. */
    void publish(Evaluation evaluation) {
        byte[] key = Long.toString(evaluation.version()).getBytes(StandardCharsets.UTF_8);
        try {
            producer.send(new ProducerRecord<>(topic, key, Json.write(evaluation)))
                    .get();
        } catch (ExecutionException e) {
            throw new UserException(
                    "the evaluation of encoder " + evaluation.version() + " could not be sent to the topic " + topic
                            + ": " + e.getCause()
                            + "\nCheck that the broker runs and that the topic may be written, then start again.",
                    e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
        standings.accept(evaluation);
        LOG.debug(
                "encoder {} (step {}, {} images): linear {}, nearest neighbours {}, on {} images, {} s",
                evaluation.version(),
                evaluation.step(),
                evaluation.imagesTrained(),
                percent(evaluation.linear().accuracy()),
                percent(evaluation.neighbours().accuracy()),
                evaluation.testImages(),
                evaluation.seconds());
        listener.evaluated(evaluation);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }
}
