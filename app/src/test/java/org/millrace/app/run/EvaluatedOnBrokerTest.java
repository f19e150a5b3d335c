package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.app.run.Commands.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.registry.PublishedEvaluations;

/**
 * Evaluations of a growing run by an evaluator that is restarted each time: an encoder with high churn, and the buckets of the stream. On
 * a real broker.
 */
final class EvaluatedOnBrokerTest {
    private static final String BATCH = "--set=trainer.batch-size=16"; // four steps on the images pushed

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;

    @BeforeAll
    static void push() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        commands.good("push", Commands.SAMPLE, "--limit=64", "--order=by-label");
        commands.good("push", Commands.SAMPLE, "--skip=64", "--limit=400", "--to=probe");
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void evaluate_encoderThatJumps_isHeldUntilAccepted() throws Exception {
        String[] main = run("main", "--set=evaluator.churn-budget=0.3", "--set=evaluator.anchors=100", BATCH);
        commands.good("train", "--until-step=0", run("other", "--set=run.seed=2", BATCH));
        commands.good("train", "--until-step=2", main);
        assertThat(commands.good("evaluate", main)).contains("encoder 2 of run main is current\n");

        plant("other", 0, "main", 3); // other weights altogether
        assertThat(commands.good("evaluate", main))
                .containsPattern("HELD: [0-9.]+ % new neighbours against the current encoder 2; the budget is 30 %")
                .contains("encoder 2 of run main is current; newer ones are held: [3].");
        assertThat(newest("main")).isEqualTo(2);
        assertThat(commands.bad("evaluate", "--accept=2", main)).contains("encoder 2 of run main is not held");

        assertThat(commands.good("evaluate", "--accept=3", main))
                .contains("accepted: encoder 3 of run main is current\n");
        assertThat(newest("main")).isEqualTo(3);
        commands.good("train", "--until-step=4", main);
        assertThat(commands.good("evaluate", main))
                .contains("new neighbours against the current encoder 3; the budget is 30 %")
                .contains("encoder 3 of run main is current; newer ones are held: [4].");
        assertThat(newest("main")).isEqualTo(3);
        assertThat(export(main)).as("the newest checkpoint's encoder is held").contains("after step 2 to ");
        assertThat(export(main, "--checkpoint=4")).contains("held by the churn budget", "after step 4 to ");
        assertThat(data.resolve("encoder.safetensors.md")).content().contains("HELD: ");

        plant("other", 0, "main", 5);
        assertThat(commands.good("evaluate", main))
                .contains("current: 0.0 % new neighbours against the current encoder 3; the budget is 30 %")
                .contains("encoder 5 of run main is current\n");
        assertThat(newest("main")).isEqualTo(5);
    }

    @Test
    void learning_streamByClass_matrixAndFiguresAgreeWithTheScores() throws IOException {
        String[] buckets = run(
                "buckets",
                "--set=evaluator.buckets=2",
                "--set=evaluator.bucket-images=32",
                "--set=trainer.publish-every-steps=2",
                "--set=replay.policy=none",
                BATCH);
        commands.good("train", "--until-end", buckets);
        assertThat(commands.bad("learning", buckets)).contains("no encoder of run buckets was scored by buckets");
        commands.good("evaluate", buckets);
        Path json = data.resolve("learning.json");
        assertThat(commands.good("learning", "--json=" + json, buckets))
                .contains("buckets of the stream of 32 images each; held-out images cut by label")
                .containsPattern("untrained +0 ")
                .containsPattern("\n1 +2 +[0-9.]+ +[0-9.]+ +[0-9.]+\n2 +4 ")
                .contains("compute spent: 2 views × 4 steps × 16 images = 128");
        JsonNode report = Json.read(Files.readAllBytes(json), JsonNode.class);
        Evaluation last = evaluation("buckets", 4);
        double right = 0;
        for (int j = 0; j < 2; j++) {
            right += report.at("/buckets/" + j + "/images").asInt()
                    * report.at("/rows/1/linear/" + j).asDouble();
        }
        assertThat(right / last.testImages())
                .as("the buckets together are all held-out images")
                .isCloseTo(last.linear().accuracy(), within(1e-9));
        assertThat(report.at("/neighbours/forgetting").asDouble())
                .isCloseTo(
                        report.at("/rows/0/neighbours/0").asDouble()
                                - report.at("/rows/1/neighbours/0").asDouble(),
                        within(1e-12));
    }

    private static String export(String[] run, String... more) {
        return commands.good(
                "export", "--format=safetensors", "--force", "--out=" + data.resolve("encoder.safetensors"), more, run);
    }

    private static long newest(String run) {
        return PublishedEncoders.newest(kafka(), new RunTopics(run)).manifest().version();
    }

    private static Evaluation evaluation(String run, long version) {
        return PublishedEvaluations.read(kafka(), new RunTopics(run)).all().stream()
                .filter(evaluation -> evaluation.version() == version)
                .findFirst()
                .orElseThrow();
    }

    /** Publishes an encoder of one run as a version of another. */
    private static void plant(String fromRun, long fromVersion, String run, long version) throws Exception {
        PublishedEncoder encoder = PublishedEncoders.find(kafka(), new RunTopics(fromRun), fromVersion);
        ObjectNode manifest = Json.read(Json.write(encoder.manifest()), ObjectNode.class);
        byte[] file = encoder.safetensors();
        int half = file.length / 2;
        manifest.put("run", run).put("version", version).put("step", version).put("chunks", 2);
        String topic = new RunTopics(run).encoders();
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka().producer(Map.of()))) {
            for (var record : List.of(
                    new ProducerRecord<>(topic, key(version + "/0"), Arrays.copyOf(file, half)),
                    new ProducerRecord<>(topic, key(version + "/1"), Arrays.copyOfRange(file, half, file.length)),
                    new ProducerRecord<>(topic, key(version + "/manifest"), Json.write(manifest)))) {
                producer.send(record).get();
            }
        }
    }

    private static byte[] key(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}
