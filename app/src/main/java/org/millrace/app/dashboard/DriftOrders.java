package org.millrace.app.dashboard;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.millrace.app.http.HttpProblem;
import org.millrace.contract.config.RunConfig;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/** Sends a person's word on an alarm to whoever watches drift: the topic {@code <run>.drift-orders}. Thread safe. */
final class DriftOrders {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final KafkaSettings kafka;
    private final String topic;
    private final Clock clock;

    DriftOrders(RunConfig run, KafkaSettings kafka, Clock clock) {
        this.kafka = kafka;
        this.topic = run.name() + ".drift-orders";
        this.clock = clock;
    }

    /** @param source whose alarm it is; empty for that of all images */
    void acknowledge(Optional<String> source, String note) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            if (topics.describe(topic).isEmpty()) {
                throw HttpProblem.unavailable(
                        "nobody watches the drift of this run: there is no topic " + topic + "; start millrace drift");
            }
        }
        Map<String, Object> order = new LinkedHashMap<>();
        order.put("schema", 1);
        order.put("kind", "ACKNOWLEDGE");
        order.put("source", source);
        order.put("note", note);
        order.put("atMillis", clock.millis());
        try (var producer = new KafkaProducer<byte[], byte[]>(
                kafka.producer(Map.of("max.block.ms", PATIENCE.toMillis(), "delivery.timeout.ms", 5_000, "request.timeout.ms", 4_000, "linger.ms", 0)))) {
            producer.send(new ProducerRecord<>(topic, "order".getBytes(StandardCharsets.UTF_8), Json.write(order)))
                    .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            producer.close(PATIENCE);
        } catch (ExecutionException | TimeoutException e) {
            throw HttpProblem.unavailable("the broker did not take the acknowledgement: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HttpProblem.unavailable("the server is stopping");
        }
    }
}
