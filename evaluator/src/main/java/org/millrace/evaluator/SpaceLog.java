package org.millrace.evaluator;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.InterruptException;
import org.millrace.contract.UserException;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.SpaceManifest;
import org.millrace.contract.registry.SpaceRecords;
import org.millrace.contract.registry.SpaceRecords.Pair;
import org.millrace.evaluator.space.SpaceFit;
import org.millrace.numerics.AffineMap;

/**
 * The topic {@code <run>.spaces}: which adapters are on it; new ones are published here, and those of encoders that have left the run's
 * topic taken back. Not thread safe; the producer is the owner's.
 */
final class SpaceLog {
    private final String topic;
    private final Producer<byte[], byte[]> producer;
    private final Clock clock;
    private final Map<Pair, SpaceManifest> present = new HashMap<>();
    private final RecordReader<SpaceManifest> records = RecordReader.ofJson(SpaceManifest.class);

    SpaceLog(String topic, Producer<byte[], byte[]> producer, Clock clock) {
        this.topic = topic;
        this.producer = producer;
        this.clock = clock;
    }

    /** Takes a record of the topic: one of an earlier start, of another evaluator, or our own. Chunks are not looked at. */
    void accept(ConsumerRecord<byte[], byte[]> record) {
        SpaceRecords.key(record.key()).filter(SpaceRecords.Key::isManifest).ifPresent(key -> {
            if (record.value() == null) {
                present.remove(key.pair());
            } else {
                records.read(record).ifPresent(manifest -> present.put(key.pair(), manifest));
            }
        });
    }

    /** Whether there is an adapter from that very encoder to the space. */
    boolean has(EncoderManifest encoder, long space) {
        return Optional.ofNullable(present.get(new Pair(encoder.version(), space)))
                .filter(manifest -> manifest.encoderSha256().equals(encoder.sha256()))
                .isPresent();
    }

    /** Publishes an adapter, and returns when the broker has it; nothing where there is none to publish. */
    void publish(EncoderManifest encoder, SpaceFit fit) {
        if (fit.map().isEmpty()) {
            return;
        }
        AffineMap map = fit.map().get();
        var pair = new Pair(encoder.version(), fit.scores().space());
        long now = clock.millis();
        send(
                SpaceRecords.of(
                        topic,
                        map.toBytes(),
                        (bytes, chunks, sha256) -> present.compute(
                                pair,
                                (key, old) -> new SpaceManifest(
                                        SpaceManifest.SCHEMA,
                                        encoder.run(),
                                        pair.from(),
                                        encoder.sha256(),
                                        map.inputs(),
                                        map.outputs(),
                                        fit.scores(),
                                        bytes,
                                        chunks,
                                        sha256,
                                        now))),
                "the adapter from encoder " + pair.from() + " to the space of encoder " + pair.to());
    }

    /** Takes back the adapters from an encoder. */
    void remove(long version) {
        List<Pair> gone =
                present.keySet().stream().filter(pair -> pair.from() == version).toList();
        for (Pair pair : gone) {
            SpaceManifest manifest = present.remove(pair);
            if (manifest != null) {
                send(
                        SpaceRecords.removal(topic, pair, manifest.chunks()),
                        "that encoder " + version + " has no adapter any more");
            }
        }
    }

    private void send(List<ProducerRecord<byte[], byte[]>> sent, String what) {
        List<Future<RecordMetadata>> acknowledged = new ArrayList<>();
        sent.forEach(record -> acknowledged.add(producer.send(record)));
        try {
            for (Future<RecordMetadata> each : acknowledged) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new UserException(
                    what + " could not be sent to the topic " + topic + ": " + e.getCause()
                            + "\nCheck that the broker runs and that the topic may be written, then start again.",
                    e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
