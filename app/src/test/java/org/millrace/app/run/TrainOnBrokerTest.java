package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.cli.MillraceCommandLine;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.weights.Safetensors;
import org.millrace.trainer.replay.Replay;
import org.millrace.trainer.replay.RunReplay;

/** Trainer and evaluator through the command line, on a real broker, a real key store and real PyTorch. */
class TrainOnBrokerTest {
    private static final Path SAMPLE = Path.of("../samples/fashion-mnist/t10k-images-idx3-ubyte.gz");

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    /** What the training of ten steps printed that several tests look at. */
    private static String tenSteps;

    @BeforeAll
    static void trainTenSteps() throws IOException {
        broker = EmbeddedBroker.start(data, new BrokerConfig(0, -1), "test");
        TrainOnBrokerTest setUp = new TrainOnBrokerTest();
        Files.writeString(secrets(), "kafka.sasl.jaas.config=module required password=hunter22;\n");
        assertThat(setUp.run("push", SAMPLE.toString(), "--limit=80", ten())).isZero();
        assertThat(setUp.run("train", "--until-end", ten()))
                .as(setUp.error.toString())
                .isZero();
        tenSteps = setUp.out.toString() + setUp.error;
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void train_streamWithRubbish_rejectsItTrainsTheRestAndScores() throws Exception {
        String[] small = small("mixed");
        assertThat(run("push", SAMPLE.toString(), "--limit=60", small)).isZero();
        produceRubbish("mixed");
        assertThat(run("push", SAMPLE.toString(), "--skip=60", "--limit=64", small))
                .isZero();
        assertThat(run("push", SAMPLE.toString(), "--skip=200", "--limit=400", "--to=probe", small))
                .isZero();

        assertThat(run("train", "--until-end", small)).as(error.toString()).isZero();
        assertThat(out.toString()).contains("4 images left in the log, fewer than a batch");

        assertThat(run("inspect", "run", small)).isZero();
        assertThat(out.toString())
                .contains("steps done       15", "images trained   120", "images rejected  2", "contiguous       yes");
        assertThat(records("mixed.rejected"))
                .hasSize(2)
                .allSatisfy(reject -> assertThat(ImageHeaders.text(reject.headers(), ImageHeaders.REJECT_POSITION))
                        .hasValueSatisfying(position -> assertThat(position).isIn("mixed/0/60", "mixed/0/61")));

        assertThat(run("audit", small)).as(error.toString()).isZero();
        assertThat(out.toString())
                .contains(
                        "offsets covered  122",
                        "images trained   120",
                        "images refused   2",
                        "lost 0, trained twice 0");
        assertThat(run("replay", with(small, "--run=mixed", "--to-step=15")))
                .as(error.toString())
                .isZero();
        assertThat(out.toString()).contains("15 losses, 3 digests: all equal to the bit");
        assertThat(run("replay", with(small, "--set=optimiser.learning-rate=0.02")))
                .isEqualTo(1);
        assertThat(error.toString()).contains("the loss of step 2 was").doesNotContain("\tat ");

        assertThat(run("inspect", "keys", small)).isZero();
        assertThat(out.toString()).contains("dictionary 32 of 32 keys (100 %)");
        assertThat(run("inspect", "checkpoints", small)).isZero();
        assertThat(out.toString()).contains("whole").doesNotContain("DAMAGED");
        assertThat(run("evaluate", small)).as(error.toString()).isZero();
        assertThat(out.toString().lines().filter(line -> line.matches("(0|15) .*%.*")))
                .hasSize(2);
    }

    @Test
    void train_endsOnACheckpointThatIsNoPublishStep_publishesItsLastEncoder() throws Exception {
        assertThat(versions("ten")).containsExactly("0", "10");
        assertThat(run("train", "--until-end", ten())).as(error.toString()).isZero();
        assertThat(versions("ten")).as("nothing is sent twice").containsExactly("0", "10");
    }

    @Test
    void train_plantedCollapse_isSaidWithin200Steps() throws Exception {
        String[] small = with(small("healthy"), "--set=optimiser.learning-rate=0.000001");
        assertThat(run("push", SAMPLE.toString(), "--limit=192", small)).isZero();
        assertThat(run("train", "--until-end", small)).as(error.toString()).isZero();
        assertThat(out.toString()).doesNotContain("COLLAPSED");
        Path file = data.resolve("healthy.safetensors");
        assertThat(run("export", "--format=safetensors", "--out=" + file, small))
                .as(error.toString())
                .isZero();
        Path dead = Files.write(data.resolve("dead.safetensors"), zeros(Safetensors.parse(Files.readAllBytes(file))));

        String[] collapsed = with(small, "--set=run.name=dead", "--set=encoder.initial-weights=" + dead);
        assertThat(run("train", "--until-end", collapsed)).as(error.toString()).isZero();
        assertThat(out.toString()).containsOnlyOnce("COLLAPSED at step 20: every image has nearly the same projection");
    }

    // an encoder that gives the same features to every image
    private static byte[] zeros(Safetensors encoder) {
        Safetensors.Builder builder = new Safetensors.Builder();
        for (String name : encoder.names()) {
            long[] shape = encoder.shape(name);
            int size = Math.toIntExact(LongStream.of(shape).reduce(1, (a, b) -> a * b));
            builder.add(name, shape, new float[size]);
        }
        return builder.build().toBytes();
    }

    @Test
    void train_secretAmongItsSettings_isNowhereAfterwards() throws Exception {
        assertThat(tenSteps).contains("training run ten").doesNotContain("hunter22");
        assertThat(run("config", ten())).isZero();
        assertThat(out.toString()).contains("kafka.sasl.jaas.config").doesNotContain("hunter22");
        assertThat(records("ten.steps"))
                .isNotEmpty()
                .allSatisfy(record -> assertThat(new String(record.value(), StandardCharsets.UTF_8))
                        .doesNotContain("hunter22"));
        try (Stream<Path> files = Files.walk(data.resolve("ten"))) {
            assertThat(files.filter(Files::isRegularFile).toList())
                    .anySatisfy(file -> assertThat(file).hasFileName("state.json"))
                    .allSatisfy(file -> assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                            .doesNotContain("hunter22"));
        }
    }

    @Test
    void replay_stoppedOnItsWay_saysHowFarItCame() throws Exception {
        List<String> settings = Stream.of(ten())
                .filter(argument -> argument.startsWith("--set="))
                .map(argument -> argument.substring("--set=".length()))
                .toList();
        try (RunReplay replay =
                new RunReplay(new ConfigLoader().assignments(settings).load(), kafka(), OptionalLong.empty())) {
            assertThat(replay.lastPlanned()).isEqualTo(10);
            Replay.Result result = replay.run(10, step -> {
                if (step == 4) {
                    replay.stop();
                }
            });
            assertThat(result).isEqualTo(new Replay.Result(4, 4, 1, Optional.empty()));
        }
    }

    @Test
    void audit_noSuchRun_saysSo() {
        assertThat(run("audit", small("ten"), "--run=never")).isEqualTo(1);
        assertThat(error.toString())
                .contains("there is no run never at ", "--run NAME")
                .doesNotContain("\tat ");
    }

    @Test
    void train_minRedWithOtherPrefetchThanTheCheckpoint_isRefused() throws Exception {
        String[] small = with(small("lagging"), "--set=replay.policy=min-red");
        assertThat(run("push", SAMPLE.toString(), "--limit=24", small)).isZero();
        assertThat(run("train", "--until-end", small)).as(error.toString()).isZero();
        assertThat(run("train", "--until-end", small, "--set=trainer.prefetch-batches=3"))
                .isEqualTo(1);
        assertThat(error.toString()).contains("trainer.prefetch-batches: 2 → 3");
    }

    @Test
    void train_otherArchitectureThanTheCheckpoint_isRefusedWithWhatToDo() throws Exception {
        String[] small = small("fixed");
        assertThat(run("push", SAMPLE.toString(), "--limit=24", small)).isZero();
        assertThat(run("train", "--until-end", small)).as(error.toString()).isZero();
        assertThat(run("train", "--until-end", small, "--set=trainer.batch-size=4"))
                .isEqualTo(1);
        assertThat(error.toString())
                .contains("trainer.batch-size: 8 → 4", "another run.name")
                .doesNotContain("\tat ");
    }

    private static String[] ten() {
        return with(small("ten"), "--config=" + secrets());
    }

    private static Path secrets() {
        return data.resolve("secrets.properties");
    }

    private static String[] small(String topic) {
        return new String[] {
            "--bootstrap-server=" + broker.bootstrapServers(),
            "--set=run.data=" + data.resolve(topic),
            "--set=run.name=" + topic,
            "--set=run.threads=1",
            "--set=images.topic=" + topic,
            "--set=images.rejected-topic=" + topic + ".rejected",
            "--set=images.probe-topic=" + topic + ".probe",
            "--set=encoder.height=16",
            "--set=encoder.width=16",
            "--set=encoder.channels=1",
            "--set=encoder.mean=0.3",
            "--set=encoder.standard-deviation=0.3",
            "--set=head.output=16",
            "--set=moco.queue-size=32",
            "--set=trainer.batch-size=" + Commands.BATCH,
            "--set=trainer.checkpoint-every-steps=5",
            "--set=trainer.publish-every-steps=100",
            "--set=trainer.digest-every-steps=4",
            "--set=replay.policy=reservoir",
            "--set=replay.capacity=50"
        };
    }

    private int run(Object... arguments) {
        out.getBuffer().setLength(0);
        error.getBuffer().setLength(0);
        String[] all = Stream.of(arguments)
                .flatMap(argument ->
                        argument instanceof String[] several ? Stream.of(several) : Stream.of((String) argument))
                .toArray(String[]::new);
        return MillraceCommandLine.run(new PrintWriter(out, true), new PrintWriter(error, true), all);
    }

    private static String[] with(String[] first, String... then) {
        return Stream.concat(Stream.of(first), Stream.of(then)).toArray(String[]::new);
    }

    private static void produceRubbish(String topic) throws Exception {
        byte[] truncated = {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xe0, 0, 16, 'J', 'F', 'I', 'F'};
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka().producer(Map.of()))) {
            producer.send(new ProducerRecord<>(topic, "this is no image".getBytes(StandardCharsets.UTF_8)))
                    .get();
            producer.send(new ProducerRecord<>(topic, truncated)).get();
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        return LoggedRecords.of(kafka(), topic);
    }

    /** Versions of the run's encoders in the order in which they were published. */
    private static List<String> versions(String run) {
        return records(run + ".encoders").stream()
                .map(record -> new String(record.key(), StandardCharsets.UTF_8))
                .filter(key -> key.endsWith("/manifest"))
                .map(key -> key.substring(0, key.indexOf('/')))
                .toList();
    }

    private static KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}
