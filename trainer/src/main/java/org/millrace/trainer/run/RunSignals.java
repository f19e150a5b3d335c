package org.millrace.trainer.run;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.Signals;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What new plans take from a run's evaluations: the guard's λ of the newest version that was scored on the old domain. Read up to the
 * topic's end when opened, and on a thread of its own from there on. {@link #now} may be called by any thread; the owner closes it.
 */
public final class RunSignals implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RunSignals.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long LAST_MILLIS = 5_000;

    private final Optional<Thread> reading;
    private final RecordReader<EvaluationEvent> records = RecordReader.ofJson(EvaluationEvent.class);
    private long version = -1;
    private volatile OptionalDouble guardWeight = OptionalDouble.empty();
    private volatile boolean closed;

    private RunSignals(Optional<Consumer<byte[], byte[]>> consumer, String topic) {
        consumer.ifPresent(known -> TopicReader.read(known, TopicReader.partitions(known, topic), this::take));
        this.reading = consumer.map(known -> new Thread(() -> follow(known), "millrace-signals"));
        reading.ifPresent(thread -> {
            thread.setDaemon(true);
            thread.start();
        });
    }

    /** Those of a run whose topics exist; none where it has no guard, or no old domain. */
    public static RunSignals open(MillraceConfig config, KafkaSettings kafka) {
        boolean wanted = config.guard().active() && config.guard().hasOldProbe();
        return new RunSignals(
                wanted
                        ? Optional.of(new KafkaConsumer<>(kafka.consumer(Map.of("allow.auto.create.topics", "false"))))
                        : Optional.empty(),
                config.run().topics().evaluations());
    }

    /** What a plan that is made now takes. */
    public Optional<Signals> now() {
        OptionalDouble weight = guardWeight;
        return weight.isPresent() ? Optional.of(new Signals(weight)) : Optional.empty();
    }

    // the topic's order is not that of versions: an older one may be scored again
    private void take(ConsumerRecord<byte[], byte[]> record) {
        records.read(record).ifPresent(event -> {
            if (event instanceof Evaluation evaluation
                    && evaluation.oldDomain().isPresent()
                    && evaluation.version() > version) {
                version = evaluation.version();
                guardWeight = OptionalDouble.of(evaluation.oldDomain().get().weight());
            }
        });
    }

    private void follow(Consumer<byte[], byte[]> consumer) {
        try (consumer) {
            while (!closed) {
                consumer.poll(POLL).forEach(this::take);
            }
        } catch (KafkaException e) {
            log.warn(
                    "the guard's weight stays at {}: the evaluations can no longer be read ({})",
                    guardWeight,
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
