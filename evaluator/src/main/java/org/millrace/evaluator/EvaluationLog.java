package org.millrace.evaluator;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.millrace.contract.UserException;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OldDomain;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.registry.Standings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topic {@code <run>.evaluations}: which versions are scored, which of them are held; new scores are published here. Not thread safe. */
final class EvaluationLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EvaluationLog.class);

    private final String topic;
    private final long pinnedVersion;
    private final TreeMap<Long, Evaluation> newest = new TreeMap<>(); // of each version
    private final Producer<byte[], byte[]> producer;
    private final EvaluationListener listener;
    private final Standings standings = new Standings();
    private boolean readUp;
    private final RecordReader<EvaluationEvent> records = RecordReader.ofJson(EvaluationEvent.class);

    /** @param pinnedVersion of the encoder that the configuration pins for comparison, or −1 */
    EvaluationLog(String topic, long pinnedVersion, Producer<byte[], byte[]> producer, EvaluationListener listener) {
        this.topic = topic;
        this.pinnedVersion = pinnedVersion;
        this.producer = producer;
        this.listener = listener;
    }

    /** Whether the version has an evaluation. */
    boolean has(long version) {
        return standings.isScored(version);
    }

    /** Which encoders are current, held and revoked; updated as the topic is read. */
    Standings standings() {
        return standings;
    }

    /** The newest evaluation of a version. */
    Optional<Evaluation> of(long version) {
        return Optional.ofNullable(newest.get(version));
    }

    /** λ of the guard after the newest version that was scored on the old domain; empty where none was. */
    OptionalDouble guardWeight() {
        return newest.descendingMap().values().stream()
                .flatMap(evaluation -> evaluation.oldDomain().stream())
                .mapToDouble(OldDomain::weight)
                .findFirst();
    }

    /** What later encoders' scores on the old domain are compared with: that version's, or those of the first one scored there. */
    Optional<Evaluation> oldReference(OptionalLong pinned) {
        Optional<Evaluation> first = newest.values().stream()
                .filter(evaluation -> evaluation.oldDomain().isPresent())
                .findFirst();
        return pinned.isEmpty()
                ? first
                : of(pinned.getAsLong())
                        .filter(evaluation -> evaluation.oldDomain().isPresent())
                        .or(() -> first);
    }

    /** Whether others are compared with this version, and there are too many more held-out images by now for its scores to be compared. */
    boolean isOutgrown(long version, int testImages) {
        return compared().contains(version)
                && of(version)
                        .filter(scored -> testImages > scored.testImages() && !scored.isComparable(testImages))
                        .isPresent();
    }

    /** Whether that is true of any version. */
    boolean isOutgrown(int testImages) {
        return compared().stream().anyMatch(version -> isOutgrown(version, testImages));
    }

    // the first, which is the untrained one where that was scored; the current, the pinned and the newest
    private Set<Long> compared() {
        Set<Long> compared = new HashSet<>();
        if (!newest.isEmpty()) {
            compared.add(newest.firstKey());
            compared.add(newest.lastKey());
            standings.current().ifPresent(compared::add);
            compared.add(pinnedVersion);
            compared.removeIf(standings::isRevoked);
        }
        return compared;
    }

    /** Takes a record of the topic: one of an earlier start, of another evaluator, or our own. */
    void accept(ConsumerRecord<byte[], byte[]> record) {
        records.read(record).ifPresent(event -> {
            if (event instanceof Evaluation evaluation) {
                take(evaluation);
            } else {
                standings.accept(event);
            }
        });
    }

    // what was published here comes back from the topic
    private void take(Evaluation evaluation) {
        boolean isNew = of(evaluation.version())
                .map(known -> !evaluation.equals(known) && evaluation.evaluatedAtMillis() >= known.evaluatedAtMillis())
                .orElse(true);
        standings.accept(evaluation);
        if (isNew) {
            newest.put(evaluation.version(), evaluation);
            if (readUp) {
                listener.evaluated(evaluation);
            }
        }
    }

    /** To be called when the topic has been read to its end: the listener receives what it holds, and each later evaluation as it comes. */
    void readUp() {
        readUp = true;
        listener.published(List.copyOf(newest.values()), standings);
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
        LOG.debug(
                "encoder {} (step {}, {} images): linear {}, nearest neighbours {}, on {} images, {} s",
                evaluation.version(),
                evaluation.step(),
                evaluation.imagesTrained(),
                percent(evaluation.linear().accuracy()),
                percent(evaluation.neighbours().accuracy()),
                evaluation.testImages(),
                evaluation.seconds());
        take(evaluation);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }
}
