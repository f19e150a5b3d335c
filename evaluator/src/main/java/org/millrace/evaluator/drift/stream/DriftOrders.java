package org.millrace.evaluator.drift.stream;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftOrder;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/** A person's orders to the watch over a run's drift, and what came of them. */
public final class DriftOrders {
    private static final Duration POLL = Duration.ofMillis(100);

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Clock clock;

    public DriftOrders(MillraceConfig config, KafkaSettings kafka, Clock clock) {
        this.config = config;
        this.kafka = kafka;
        this.clock = clock;
    }

    /**
     * Sends the order and waits for what comes of it.
     *
     * @param source empty for all that is watched
     * @param patience after which an order without an answer counts as one for later: nobody watches now
     * @return what became of which alarm; empty where the watch does not run now, or had nothing to do
     * @throws UserException where the run's drift was never watched, or the broker does not answer
     */
    public List<DriftAlarm> give(DriftOrder.Kind kind, Optional<String> source, String note, Duration patience) {
        RunTopics topics = config.run().topics();
        try (TopicSetup setup = new TopicSetup(kafka)) {
            setup.requireRun(config.run().topics());
            if (setup.describe(topics.drift()).isEmpty()) {
                throw new UserException("drift of run " + topics.run() + " was never watched: there is no topic "
                        + topics.drift() + "\nWatch it first: millrace drift --run " + topics.run());
            }
            setup.ensureDrift(topics);
        }
        var partition = new TopicPartition(topics.drift(), 0);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            consumer.assign(List.of(partition));
            consumer.seekToEnd(List.of(partition));
            consumer.position(partition); // from here on, not from the first poll on
            DriftOrder order = new DriftOrder(DriftOrder.SCHEMA, kind, source, note, clock.millis());
            send(topics.driftOrders(), Json.write(order));
            return answers(consumer, order, patience);
        }
    }

    private void send(String topic, byte[] order) {
        try (var producer =
                new KafkaProducer<>(kafka.producer(Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, 0, null, order)).get();
        } catch (ExecutionException e) {
            throw new UserException("the order could not be written to " + topic + ": " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // one order's answers are written in one transaction, so that they come together
    private List<DriftAlarm> answers(KafkaConsumer<byte[], byte[]> consumer, DriftOrder order, Duration patience) {
        List<DriftAlarm> answers = new ArrayList<>();
        RecordReader<DriftEvent> events = RecordReader.ofJson(DriftEvent.class);
        long until = clock.millis() + patience.toMillis();
        while (answers.isEmpty() && clock.millis() < until) {
            consumer.poll(POLL).forEach(record -> {
                if (events.read(record).orElse(null) instanceof DriftAlarm alarm
                        && alarm.atMillis() == order.atMillis()) {
                    answers.add(alarm);
                }
            });
        }
        return answers;
    }
}
