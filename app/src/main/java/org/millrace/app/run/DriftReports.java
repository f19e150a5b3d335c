package org.millrace.app.run;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;

/** Passes a run's drift reports and alarms to the listener as they arrive, first the alarms that are still open, until stopped. */
public final class DriftReports implements Services.Service {
    private static final Duration POLL = Duration.ofMillis(200);

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Consumer<DriftEvent> listener;
    private final RecordReader<DriftEvent> events = RecordReader.ofJson(DriftEvent.class);
    private volatile boolean stopped;

    public DriftReports(MillraceConfig config, KafkaSettings kafka, Consumer<DriftEvent> listener) {
        this.config = config;
        this.kafka = kafka;
        this.listener = listener;
    }

    @Override
    public void run() {
        var partition = new TopicPartition(config.run().topics().drift(), 0);
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureDrift(config.run().topics());
        }
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            Map<Optional<String>, DriftAlarm> newest = new LinkedHashMap<>(); // of each source
            TopicReader.read(
                    consumer,
                    List.of(partition),
                    record -> events.read(record).ifPresent(event -> {
                        if (event instanceof DriftAlarm alarm) {
                            newest.put(alarm.source(), alarm);
                        }
                    }));
            newest.values().stream().filter(DriftAlarm::isOpen).forEach(listener);
            while (!stopped) {
                consumer.poll(POLL).forEach(record -> events.read(record).ifPresent(listener));
            }
        }
    }

    @Override
    public void stop() {
        stopped = true;
    }
}
