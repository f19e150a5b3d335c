package org.millrace.ingest.push;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.millrace.contract.Count;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.gate.Judged;
import org.millrace.ingest.gate.Rejection;
import org.millrace.ingest.source.SourceEntry;

/** Sends the records of entries and counts them. Used by one thread; the producer's callbacks come on another. */
final class ImagePublisher {
    private final Producer<byte[], byte[]> producer;
    private final PushRequest request;
    private final ImagesConfig images;
    private final String topic;

    private final Map<Rejection.Kind, Long> rejections = new EnumMap<>(Rejection.Kind.class);
    private final Set<String> classes = new HashSet<>();
    private long sent;
    private long rejected;
    private long bytes;

    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicReference<Exception> failure = new AtomicReference<>();

    ImagePublisher(Producer<byte[], byte[]> producer, PushRequest request, ImagesConfig images) {
        this.producer = producer;
        this.request = request;
        this.images = images;
        this.topic = request.target().topic(images);
    }

    /** Hands the image, or its reject, to the producer. */
    void publish(SourceEntry entry, Optional<String> label, Judged judged) {
        var about = ImageRecords.About.of(entry, label, request.split());
        var record = ImageRecords.of(images, request.target(), about, judged);
        if (judged.verdict() instanceof Rejection rejection) {
            send(record, new AtomicLong());
            rejected++;
            rejections.merge(rejection.kind(), 1L, Long::sum);
        } else {
            send(record, acknowledged);
            sent++;
            label.filter(each -> classes.size() < PushReport.MOST_CLASSES).ifPresent(classes::add);
            bytes += judged.content().bytes().length;
        }
    }

    /**
     * Waits until Kafka has taken everything.
     *
     * @throws UserException if it refused a record
     */
    void flush() {
        try {
            producer.flush();
        } catch (InterruptException e) {
            throw e;
        } catch (KafkaException e) {
            throw notTaken(topic, e);
        }
        requireNoFailure();
    }

    /** Images handed to the producer. */
    long sent() {
        return sent;
    }

    long rejected() {
        return rejected;
    }

    /** Of the images handed to the producer. */
    long bytes() {
        return bytes;
    }

    PushReport report(double seconds, boolean interrupted) {
        return new PushReport(acknowledged.get(), bytes, classes, seconds, rejections, interrupted);
    }

    /** What happened so far, as the end of an error message. */
    String soFar() {
        return "Pushed before that: %s; rejected: %s."
                .formatted(Count.of(acknowledged.get(), "image"), Count.of(rejected, "file"));
    }

    private void send(ProducerRecord<byte[], byte[]> record, AtomicLong counter) {
        try {
            var ignored = producer.send(record, (metadata, problem) -> {
                if (problem == null) {
                    counter.incrementAndGet();
                } else {
                    failure.compareAndSet(null, problem);
                }
            });
        } catch (InterruptException e) {
            throw e;
        } catch (KafkaException e) {
            throw notTaken(record.topic(), e);
        }
        requireNoFailure();
    }

    private void requireNoFailure() {
        Exception problem = failure.get();
        if (problem != null) {
            throw notTaken(topic, problem);
        }
    }

    private UserException notTaken(String to, Exception problem) {
        String advice = "Check the broker, the topic and the kafka.* settings";
        if (problem instanceof RecordTooLargeException) {
            advice =
                    "Raise max.message.bytes of the topic, or lower images.max-bytes (%d)".formatted(images.maxBytes());
        } else if (problem instanceof TimeoutException) {
            advice = "Check --bootstrap-server, that the broker runs and that it has the topic";
        }
        return new UserException(
                "push: Kafka did not take a record for topic '%s': %s\n%s. %s"
                        .formatted(to, problem.getMessage(), advice, soFar()),
                problem);
    }
}
