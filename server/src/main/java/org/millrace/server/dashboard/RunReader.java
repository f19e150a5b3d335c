package org.millrace.server.dashboard;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.registry.EncoderRecords;
import org.millrace.contract.service.Services;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a run's topics from their beginnings and then as they grow, folds them into a {@link RunView} and tells of its changes twice a
 * second. Waits for topics that do not exist yet, and for a broker that is gone.
 */
final class RunReader implements Services.Service {
    private static final Logger log = LoggerFactory.getLogger(RunReader.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long PUBLISH_MILLIS = 500;
    private static final long ENDS_MILLIS = 2_000;
    private static final long MISSING_MILLIS = 3_000;
    /** Rejects have the files with them: only the newest are read. */
    private static final long REJECTS = 2_000;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final LiveState live;
    private final BiConsumer<RunView, RunFacts> afterPublishing;
    private final Clock clock;
    private final RunView view;
    private final RejectView rejects = new RejectView();
    private RecordReader<JournalEvent> journal = RecordReader.ofJson(JournalEvent.class);
    private RecordReader<EvaluationEvent> scores = RecordReader.ofJson(EvaluationEvent.class);
    private RecordReader<DriftEvent> drift = RecordReader.ofJson(DriftEvent.class);
    private RecordReader<EncoderManifest> manifests = RecordReader.ofJson(EncoderManifest.class);
    private final StreamView stream;
    private final Map<String, List<TopicPartition>> assigned = new HashMap<>();
    private final Map<TopicPartition, Long> past = new HashMap<>(); // ends of what there was when reading began
    private double share; // of that past, read so far
    private List<String> missing = List.of();
    private List<TopicPartition> images = List.of();
    private boolean looked; // which topics there are
    private boolean brokerAnswers = true;
    private volatile boolean stopped;

    /** @param afterPublishing is shown the view and the run's state, on this reader's thread, each time that changes were told */
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
                        "the topics of run {} are read again from their beginnings: {}",
                        config.run().name(),
                        e.getMessage());
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
                        "max.poll.records",
                        4_000,
                        "max.partition.fetch.bytes",
                        config.images().maxRecordBytes())))) {
            long published = 0;
            long ended = 0;
            long sought = 0;
            while (!stopped) {
                long now = clock.millis();
                if (now - sought >= MISSING_MILLIS) {
                    sought = now;
                    assignNew(topics, consumer);
                }
                if (now - ended >= ENDS_MILLIS) {
                    ended = now;
                    readEnds(consumer);
                }
                poll(consumer);
                if (now - published >= PUBLISH_MILLIS) {
                    published = now;
                    follow(consumer);
                    publish();
                }
            }
            consumer.close(CloseOptions.timeout(PATIENCE));
        }
    }

    @Override
    public void stop() {
        stopped = true;
    }

    private void publish() {
        OptionalDouble reading = looked && past.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(share);
        RunView.ReadProgress progress = new RunView.ReadProgress(reading, brokerAnswers, missing, unreadable());
        long now = clock.millis();
        Sections.Stream section = stream.section(view, now);
        view.publish(live, progress);
        live.put("stream", section);
        live.put("rejects", rejects.section());
        live.flush();
        afterPublishing.accept(view, view.facts(progress, section, now));
    }

    private void poll(KafkaConsumer<byte[], byte[]> consumer) {
        if (assigned.isEmpty()) {
            pause();
            return;
        }
        try {
            consumer.poll(POLL).forEach(this::accept);
        } catch (OffsetOutOfRangeException e) {
            log.warn(
                    "topics of run {} are shorter than they were; reading begins again",
                    config.run().name());
            forget();
        }
    }

    private void forget() {
        journal = RecordReader.ofJson(JournalEvent.class);
        scores = RecordReader.ofJson(EvaluationEvent.class);
        drift = RecordReader.ofJson(DriftEvent.class);
        manifests = RecordReader.ofJson(EncoderManifest.class);
        view.clear();
        rejects.clear();
        assigned.clear();
        past.clear();
        images = List.of();
        share = 0;
        looked = false;
    }

    private void pause() {
        try {
            Thread.sleep(POLL.toMillis());
        } catch (InterruptedException e) {
            stopped = true;
            Thread.currentThread().interrupt();
        }
    }

    private void accept(ConsumerRecord<byte[], byte[]> record) {
        RunTopics topics = config.run().topics();
        if (record.topic().equals(config.images().rejectedTopic())) {
            rejects.add(record);
        } else if (record.topic().equals(topics.encoders())) {
            acceptEncoder(record);
        } else if (record.topic().equals(topics.steps())) {
            journal.read(record).ifPresent(view::add);
        } else if (record.topic().equals(topics.evaluations())) {
            scores.read(record).ifPresent(view::add);
        } else {
            drift.read(record).ifPresent(view::add);
        }
    }

    /** Records of each topic that were left out since reading began, because they cannot be read; none where all can. */
    private Map<String, Long> unreadable() {
        RunTopics topics = config.run().topics();
        Map<String, Long> counts = new TreeMap<>(Map.of(
                topics.steps(), journal.unreadable(),
                topics.encoders(), manifests.unreadable(),
                topics.evaluations(), scores.unreadable(),
                topics.drift(), drift.unreadable()));
        counts.values().removeIf(count -> count == 0);
        return counts;
    }

    // the weights themselves, under other keys, are not for this reader
    private void acceptEncoder(ConsumerRecord<byte[], byte[]> record) {
        OptionalLong version = EncoderRecords.manifestVersion(record.key());
        if (version.isEmpty()) {
            return;
        }
        if (record.value() != null) {
            manifests.read(record).ifPresent(view::add);
        } else {
            view.removeEncoder(version.getAsLong());
        }
    }

    private List<String> wanted() {
        RunTopics topics = config.run().topics();
        return List.of(
                topics.steps(),
                topics.encoders(),
                topics.evaluations(),
                topics.drift(),
                config.images().rejectedTopic());
    }

    /** Takes its place in topics that have come to be. */
    private void assignNew(TopicSetup topics, KafkaConsumer<byte[], byte[]> consumer) {
        List<String> absent = new ArrayList<>();
        List<TopicPartition> fresh = new ArrayList<>();
        try {
            for (String topic : wanted()) {
                if (assigned.containsKey(topic)) {
                    continue;
                }
                List<TopicPartition> found =
                        topics.describe(topic).map(RunReader::partitions).orElse(List.of());
                if (found.isEmpty()) {
                    absent.add(topic);
                } else {
                    assigned.put(topic, found);
                    fresh.addAll(found);
                }
            }
            if (images.isEmpty()) {
                images = topics.describe(config.images().topic())
                        .map(RunReader::partitions)
                        .orElse(List.of());
            }
            missing = List.copyOf(absent);
            if (!fresh.isEmpty()) {
                consumer.assign(assigned.values().stream().flatMap(List::stream).toList());
                begin(consumer, fresh);
            }
            looked = true;
            brokerAnswers = true;
        } catch (UserException | KafkaException e) {
            fresh.forEach(partition -> assigned.remove(partition.topic()));
            brokerAnswers = false;
            log.debug("the broker does not answer", e);
        }
    }

    private void begin(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> fresh) {
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(fresh, PATIENCE);
        Map<TopicPartition, Long> ends = consumer.endOffsets(fresh, PATIENCE);
        for (TopicPartition partition : fresh) {
            long beginning = beginnings.getOrDefault(partition, 0L);
            long end = ends.getOrDefault(partition, 0L);
            boolean newestOnly = partition.topic().equals(config.images().rejectedTopic());
            consumer.seek(partition, newestOnly ? Math.max(beginning, end - REJECTS) : beginning);
            past.put(partition, end);
        }
    }

    /** How much of the past has been read. */
    private void follow(KafkaConsumer<byte[], byte[]> consumer) {
        long read = 0;
        long all = 0;
        try {
            for (Map.Entry<TopicPartition, Long> end : past.entrySet()) {
                long position = consumer.position(end.getKey(), PATIENCE);
                read += Math.min(position, end.getValue());
                all += end.getValue();
            }
        } catch (KafkaException e) {
            log.debug("the progress of reading is unknown", e);
            return;
        }
        share = all == 0 ? 1 : Math.floor(100.0 * read / all) / 100;
        if (read >= all) {
            past.clear();
        }
    }

    private void readEnds(KafkaConsumer<byte[], byte[]> consumer) {
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

    private static List<TopicPartition> partitions(TopicDescription description) {
        return description.partitions().stream()
                .map(info -> new TopicPartition(description.name(), info.partition()))
                .toList();
    }
}
