package org.millrace.trainer.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.Signals;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What new plans take from other topics of their run: of its evaluations, the guard's λ of the newest version that was scored on the old
 * domain; of its drift, the share of fresh images and an open gate while an alarm over all images is open. A topic is read up to its end when this is
 * opened, and on a thread of its own from there on, where a setting wants it. {@link #now} may be called by any thread; the owner closes it.
 */
public final class RunSignals implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RunSignals.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long LAST_MILLIS = 5_000;

    private final RunTopics topics;
    private final double driftShare;
    private final boolean opensGate;
    private final Optional<Thread> reading;
    private final RecordReader<EvaluationEvent> evaluations = RecordReader.ofJson(EvaluationEvent.class);
    private final RecordReader<DriftEvent> drift = RecordReader.ofJson(DriftEvent.class);
    private long version = -1; // newest scored on the old domain
    private volatile OptionalDouble guardWeight = OptionalDouble.empty();
    private volatile boolean alarm;
    private volatile boolean closed;

    private RunSignals(MillraceConfig config, List<String> wanted, KafkaSettings kafka) {
        this.topics = config.run().topics();
        this.driftShare = config.replay().driftShare();
        this.opensGate = config.stream().heedsDrift();
        this.reading = wanted.isEmpty() ? Optional.empty() : Optional.of(begin(wanted, kafka));
    }

    /** Those of a run whose topics exist. */
    public static RunSignals open(MillraceConfig config, KafkaSettings kafka) {
        List<String> wanted = new ArrayList<>();
        if (config.guard().active() && config.guard().hasOldProbe()) {
            wanted.add(config.run().topics().evaluations());
        }
        if (config.replay().driftShare() > 0 || config.stream().heedsDrift()) {
            wanted.add(config.run().topics().drift());
        }
        return new RunSignals(config, wanted, kafka);
    }

    /** What a plan that is made now takes. */
    public Optional<Signals> now() {
        boolean drifted = alarm;
        return Signals.of(
                guardWeight,
                drifted && driftShare > 0 ? OptionalDouble.of(driftShare) : OptionalDouble.empty(),
                drifted && opensGate);
    }

    private Thread begin(List<String> wanted, KafkaSettings kafka) {
        Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(kafka.consumer(Map.of("allow.auto.create.topics", "false")));
        try {
            List<TopicPartition> partitions = wanted.stream()
                    .flatMap(topic -> TopicReader.partitions(consumer, topic).stream())
                    .toList();
            TopicReader.read(consumer, partitions, this::take);
        } catch (RuntimeException | Error e) {
            consumer.close();
            throw e;
        }
        Thread thread = new Thread(() -> follow(consumer), "millrace-signals");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        if (record.topic().equals(topics.drift())) {
            drift.read(record).ifPresent(this::take);
        } else {
            evaluations.read(record).ifPresent(this::take);
        }
    }

    private void take(DriftEvent event) {
        if (event instanceof DriftAlarm newest && newest.source().isEmpty()) {
            alarm = newest.isOpen();
        }
    }

    // the topic's order is not that of versions: an older one may be scored again
    private void take(EvaluationEvent event) {
        if (event instanceof Evaluation evaluation
                && evaluation.oldDomain().isPresent()
                && evaluation.version() > version) {
            version = evaluation.version();
            guardWeight = OptionalDouble.of(evaluation.oldDomain().get().weight());
        }
    }

    private void follow(Consumer<byte[], byte[]> consumer) {
        try (consumer) {
            while (!closed) {
                consumer.poll(POLL).forEach(this::take);
            }
        } catch (KafkaException e) {
            log.warn(
                    "what plans take from other topics stays at {}: they can no longer be read ({})",
                    now(),
                    e.getMessage());
        }
    }

    @Override
    public void close() {
        closed = true;
        reading.ifPresent(thread -> {
            try {
                thread.join(LAST_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }
}
