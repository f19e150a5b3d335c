package org.millrace.server.dashboard;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a run's topics from their beginnings and then as they grow, folds them into a {@link RunView} and publishes its changes twice a
 * second. Waits for topics that do not exist yet, and for a broker that is away.
 */
final class RunReader implements Services.Service {
    private static final Logger log = LoggerFactory.getLogger(RunReader.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long PUBLISH_MILLIS = 500;
    private static final long ENDS_MILLIS = 2_000;
    private static final long TOPICS_MILLIS = 3_000;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final LiveState live;
    private final BiConsumer<RunView, RunFacts> afterPublishing;
    private final Clock clock;
    private final RunView view;
    private final RunRecords records;
    private final TopicPlaces places;
    private final StreamView stream;
    private boolean brokerAnswers = true;
    private volatile boolean stopped;

    /** @param afterPublishing is called with the view and the run's state each time that changes were published, on this reader's thread */
    RunReader(
            MillraceConfig config,
            KafkaSettings kafka,
            LiveState live,
            BiConsumer<RunView, RunFacts> afterPublishing,
            Clock clock) {
        this.config = config;
        this.kafka = kafka;
        this.live = live;
        this.afterPublishing = afterPublishing;
        this.clock = clock;
        this.view = new RunView(config);
        this.records = new RunRecords(config, view);
        this.places = new TopicPlaces(records.topics(), config.images().topic());
        this.stream = new StreamView(config.images().topic());
    }

    @Override
    public void run() {
        publish();
        while (!stopped) {
            try {
                read();
            } catch (KafkaException | UserException e) {
                log.warn(
                        "reading the topics of run {} again from their beginnings: {}",
                        config.run().name(),
                        BrokerWords.of(e));
                forget();
                brokerAnswers = false;
                publish();
                pause();
            }
        }
    }

    private void read() {
        try (TopicSetup topics = new TopicSetup(kafka);
                var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of(
                        "allow.auto.create.topics",
                        "false",
                        "metadata.max.age.ms",
                        TOPICS_MILLIS,
                        "max.poll.records",
                        4_000,
                        "max.partition.fetch.bytes",
                        config.images().maxRecordBytes())))) {
            long published = 0;
            long ended = 0;
            long sought = 0;
            while (!stopped) {
                long now = clock.millis();
                if (now - sought >= TOPICS_MILLIS) {
                    sought = now;
                    brokerAnswers = places.assignNew(topic -> partitions(topics, topic), consumer);
                }
                if (now - ended >= ENDS_MILLIS) {
                    ended = now;
                    readEnds(consumer);
                }
                poll(consumer);
                if (now - published >= PUBLISH_MILLIS) {
                    published = now;
                    places.follow(consumer);
                    publish();
                }
            }
            consumer.close(CloseOptions.timeout(PATIENCE));
        }
    }

    private static int partitions(TopicSetup topics, String topic) {
        return topics.describe(topic).map(found -> found.partitions().size()).orElse(0);
    }

    @Override
    public void stop() {
        stopped = true;
    }

    private void publish() {
        RunView.ReadProgress progress =
                new RunView.ReadProgress(places.reading(), brokerAnswers, places.missing(), records.unreadable());
        long now = clock.millis();
        Sections.Stream section = stream.section(view, now);
        view.publish(live, progress, now);
        live.put("stream", section);
        live.put("rejects", records.rejects());
        live.flush();
        afterPublishing.accept(view, view.facts(progress, section, now));
    }

    private void poll(KafkaConsumer<byte[], byte[]> consumer) {
        if (places.isEmpty()) {
            pause();
            return;
        }
        try {
            consumer.poll(POLL).forEach(records::accept);
        } catch (OffsetOutOfRangeException e) {
            log.warn(
                    "topics of run {} are shorter than before; reading them again from the beginning",
                    config.run().name());
            forget();
        }
    }

    private void forget() {
        records.clear();
        places.clear();
    }

    private void pause() {
        try {
            Thread.sleep(POLL.toMillis());
        } catch (InterruptedException e) {
            stopped = true;
            Thread.currentThread().interrupt();
        }
    }

    private void readEnds(KafkaConsumer<byte[], byte[]> consumer) {
        List<TopicPartition> images = places.images();
        if (images.isEmpty()) {
            return;
        }
        try {
            stream.add(
                    clock.millis(), consumer.beginningOffsets(images, PATIENCE), consumer.endOffsets(images, PATIENCE));
            brokerAnswers = true;
        } catch (KafkaException e) {
            brokerAnswers = false;
            log.debug("the ends of {} are not known", config.images().topic(), e);
        }
    }
}
