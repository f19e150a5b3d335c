package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.cli.MillraceCommandLine;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;

/** An encoder that is trained, scored and exported, and the run that begins with it, on a real broker. */
class ExportOnBrokerTest {
    private static final String SAMPLE = "../samples/fashion-mnist/t10k-images-idx3-ubyte.gz";

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(data, new BrokerConfig(0, -1), "test");
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void export_scoredEncoder_cardHasTheScoresAndAnotherRunBeginsWithIt() throws Exception {
        Path file = data.resolve("first.safetensors");
        assertThat(run("first", "push", SAMPLE, "--limit=64")).isZero();
        assertThat(run("first", "push", SAMPLE, "--skip=64", "--limit=200", "--to=probe"))
                .isZero();
        assertThat(run("first", "train", "--until-end")).as(error.toString()).isZero();
        assertThat(run("first", "evaluate")).as(error.toString()).isZero();
        String score = out.toString()
                .lines()
                .filter(line -> line.startsWith("4 "))
                .map(line -> line.replaceFirst("4\\s+64\\s+(\\S+ %).*", "$1"))
                .findFirst()
                .orElseThrow();
        assertThat(run("first", "export", "--format=safetensors", "--out=" + file))
                .as(error.toString())
                .isZero();
        assertThat(Path.of(file + ".md"))
                .content()
                .contains("| step | 4 |", "| linear probe | λ |", "| " + score + " (")
                .doesNotContain("not read", "not evaluated");

        String[] begin = {
            "--set=encoder.initial-weights=" + file,
            "--set=run.seed=2",
            "--set=encoder.train=last-blocks",
            "--set=trainer.publish-every-steps=2"
        };
        assertThat(run("second", "train", "--until-step=0", begin))
                .as(error.toString())
                .isZero();
        Safetensors exported = Safetensors.parse(Files.readAllBytes(file));
        assertThat(publishedFirst("second.encoders"))
                .isEqualTo(exported.withMetadata(Map.of()).toBytes());

        assertThat(run("second", "train", "--until-step=2", begin))
                .as(error.toString())
                .isZero();
        Files.delete(file);
        assertThat(run("second", "train", "--until-step=3", begin))
                .as("the file is not needed any more: " + error)
                .isZero();
        assertThatOnlyTheLastBlockChanged(exported);
        damageWhatTheRunBeganWith();
        assertThat(run("second", "train", "--until-step=4", begin))
                .as("its file is gone, and so is the base: " + error)
                .isZero();
        assertThat(run("second", "inspect", "checkpoints"))
                .as("the base was written again: " + error)
                .isZero();
        assertThat(run("second", "train", "--until-step=6", "--set=run.seed=2")).isEqualTo(1);
        assertThat(error.toString()).contains("encoder.initial-weights: " + file + " → ");
        assertThat(run("third", "train", "--until-step=0", begin)).isEqualTo(1);
        assertThat(error.toString())
                .contains("encoder.initial-weights is " + file + ", which cannot be read: there is no such file")
                .doesNotContain("\tat ");
        try (TopicSetup topics = new TopicSetup(PatientKafka.at(broker.bootstrapServers()))) {
            assertThat(topics.describe("third.steps"))
                    .as("nothing of the run was made")
                    .isEmpty();
        }
    }

    private static void damageWhatTheRunBeganWith() throws Exception {
        try (Stream<Path> files = Files.list(data.resolve("runs/runs/second/checkpoints"))) {
            Path base = files.filter(file -> file.getFileName().toString().startsWith("base-"))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = Files.readAllBytes(base);
            bytes[bytes.length / 2] ^= 1;
            Files.write(base, bytes);
        }
    }

    /** On the topic, in the checkpoint, and exported whole and apart. */
    private void assertThatOnlyTheLastBlockChanged(Safetensors began) throws Exception {
        Path whole = data.resolve("whole.safetensors");
        Path learned = data.resolve("learned.safetensors");
        assertThat(run("second", "export", "--format=safetensors", "--out=" + whole))
                .as(error.toString())
                .isZero();
        assertThat(run("second", "export", "--format=learned", "--out=" + learned))
                .as(error.toString())
                .isZero();
        Safetensors now = Safetensors.parse(Files.readAllBytes(whole));
        Safetensors part = Safetensors.parse(Files.readAllBytes(learned));
        Safetensors base = Safetensors.parse(Files.readAllBytes(data.resolve("learned-base.safetensors")));
        assertThat(part.names())
                .isNotEmpty()
                .allMatch(name -> name.startsWith("layer3.2.") || name.contains("running_"));
        assertThat(base.toBytes()).isEqualTo(began.withMetadata(Map.of()).toBytes());
        for (String name : began.names()) {
            boolean same = Arrays.equals(began.tensor(name, began.shape(name)), now.tensor(name, began.shape(name)));
            assertThat(same).as(name).isEqualTo(!part.names().contains(name));
        }
        byte[] merged = LowRank.merged(base, part).toBytes();
        assertThat(now.withMetadata(Map.of()).toBytes()).isEqualTo(merged);
        PublishedEncoder published =
                PublishedEncoders.find(PatientKafka.at(broker.bootstrapServers()), new RunTopics("second"), 3);
        assertThat(published.safetensors()).isEqualTo(merged);
        assertThat(published.publishedBytes()).isLessThan(merged.length / 2);
        assertThat(run("first", "export", "--format=learned", "--out=" + data.resolve("none.safetensors")))
                .isEqualTo(1);
        assertThat(error.toString()).contains("all parameters of the encoder of run first learn");
    }

    private int run(String name, Object... arguments) {
        out.getBuffer().setLength(0);
        error.getBuffer().setLength(0);
        Stream<String> common = Stream.of(
                "--bootstrap-server=" + broker.bootstrapServers(),
                "--set=run.data=" + data.resolve("runs"),
                "--set=run.name=" + name,
                "--set=run.threads=1",
                "--set=encoder.height=16",
                "--set=encoder.width=16",
                "--set=encoder.channels=1",
                "--set=encoder.mean=0.3",
                "--set=encoder.standard-deviation=0.3",
                "--set=head.output=16",
                "--set=moco.queue-size=64",
                "--set=trainer.batch-size=16");
        Stream<String> own = Stream.of(arguments)
                .flatMap(argument ->
                        argument instanceof String[] several ? Stream.of(several) : Stream.of((String) argument));
        return MillraceCommandLine.run(
                new PrintWriter(out, true),
                new PrintWriter(error, true),
                Stream.concat(own, common).toArray(String[]::new));
    }

    /** The file of version 0, assembled from its chunks. */
    private static byte[] publishedFirst(String topic) {
        var partition = new TopicPartition(topic, 0);
        var file = new ByteArrayOutputStream();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(
                PatientKafka.at(broker.bootstrapServers()).consumer(Map.of()))) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(Set.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> {
                    if (new String(record.key(), StandardCharsets.UTF_8).matches("0/\\d+")) {
                        file.writeBytes(record.value());
                    }
                });
            }
        }
        return file.toByteArray();
    }
}
