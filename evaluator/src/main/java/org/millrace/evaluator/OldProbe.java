package org.millrace.evaluator;

import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.evaluator.probe.ProbeFeed;
import org.millrace.evaluator.probe.ProbeSet;

/**
 * The labelled images of the domain that a run came from, {@code guard.old-probe}: kept like the probe set, in a file of its own, and read
 * on before each evaluation. Not thread safe; the owner closes it.
 */
final class OldProbe implements AutoCloseable {
    /** Name of the file in the run's folder. */
    static final String FILE = "old-probe-set.bin";

    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    private final ProbeFeed feed;
    private final GrowingProbeSet probes;

    OldProbe(MillraceConfig config, Consumer<byte[], byte[]> consumer, Predicate<byte[]> decodes, Clock clock) {
        this.consumer = consumer;
        this.topic = config.guard().oldProbe();
        this.feed = new ProbeFeed(config.evaluator(), config.run().folder(), FILE, decodes);
        this.probes = new GrowingProbeSet(feed, topic, clock);
    }

    /** The configured one; empty where there is none. */
    static Optional<OldProbe> of(MillraceConfig config, KafkaSettings kafka, Predicate<byte[]> decodes, Clock clock) {
        return config.guard().hasOldProbe()
                ? Optional.of(new OldProbe(
                        config,
                        new KafkaConsumer<>(kafka.consumer(Map.of("allow.auto.create.topics", "false"))),
                        decodes,
                        clock))
                : Optional.empty();
    }

    /** Reads on to the topic's present end; whether there are enough images then to score on. */
    boolean isEnough() {
        TopicReader.read(consumer, TopicReader.partitions(consumer, topic), feed::nextOffset, probes::accept);
        probes.save();
        return probes.isEnough();
    }

    /** What is missing, in words. */
    String shortage() {
        return probes.shortage();
    }

    ProbeSet set() {
        return feed.set();
    }

    @Override
    public void close() {
        consumer.close();
        probes.save();
    }
}
