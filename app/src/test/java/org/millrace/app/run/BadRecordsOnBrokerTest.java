package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.millrace.app.run.Commands.run;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

/** {@code up} on a run with unreadable records on every topic, before the start and while it runs. */
class BadRecordsOnBrokerTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final long STEPS = 10;

    @TempDir
    private Path data;

    private EmbeddedBroker broker;
    private Commands commands;

    @BeforeEach
    void startBroker() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
    }

    @AfterEach
    void stopBroker() {
        broker.close();
    }

    @Test
    void up_everyTopicWithBadRecords_trainsAsWithoutThem() throws Exception {
        commands.good("push", Commands.SAMPLE, Commands.batches(STEPS));
        commands.good("push", Commands.SAMPLE, "--skip=1000", "--limit=300", "--to=probe");
        commands.good("train", "--until-end", run("clean"));
        RunTopics topics = new RunTopics("main");
        try (TopicSetup setup = new TopicSetup(kafka())) {
            setup.ensureRun(topics);
            setup.ensureDrift(topics);
        }
        spoil(topics);
        StringWriter out = new StringWriter();
        StringWriter error = new StringWriter();
        Thread up = new Thread(() -> commands.call(out, error, "up", "--no-http", run("main")), "up");
        up.start();
        try {
            await().atMost(PATIENCE)
                    .until(() -> !RunStates.results(kafka(), "main").isEmpty() || !up.isAlive());
            spoil(topics);
            await().atMost(PATIENCE)
                    .until(() -> (RunStates.results(kafka(), "main").containsKey(STEPS)
                                    && out.toString().contains("encoder " + STEPS + " (")
                                    && out.toString().contains("monitoring images through encoder"))
                            || !up.isAlive());
            spoil(topics);
            assertThat(up.isAlive()).as("%s%s", out, error).isTrue();
        } finally {
            up.interrupt();
            up.join();
        }
        assertThat(out.toString()).doesNotContain("has failed");
        assertThat(RunStates.results(kafka(), "main")).isEqualTo(RunStates.results(kafka(), "clean"));
        assertThat(commands.good("audit", run("main")))
                .contains("cannot be read   ", "of main.steps", "lost 0, trained twice 0");
        commands.good("train", "--until-end", run("main")); // with bad records before and after its checkpoint
    }

    private void spoil(RunTopics topics) throws Exception {
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka().producer(Map.of()))) {
            for (String topic : List.of(
                    topics.steps(), topics.encoders(), topics.evaluations(), topics.drift(), topics.driftOrders())) {
                for (String value : List.of("no json", "null", "[]", "{\"type\":\"plan\",\"step\":-1}")) {
                    send(producer, topic, "7000/manifest", Optional.of(value));
                }
                send(producer, topic, "readme", Optional.empty());
            }
            send(producer, topics.encoders(), "5/0", Optional.of("no weights"));
            send(producer, topics.statistics(), "all", Optional.of("no features"));
            send(producer, topics.statistics(), "nobody", Optional.of(""));
        }
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, String topic, String key, Optional<String> value)
            throws Exception {
        byte[] name = key.getBytes(StandardCharsets.UTF_8);
        producer.send(
                        value.isPresent()
                                ? new ProducerRecord<>(
                                        topic, 0, name, value.get().getBytes(StandardCharsets.UTF_8))
                                : new ProducerRecord<>(topic, 0, name, null))
                .get();
    }

    private KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}
