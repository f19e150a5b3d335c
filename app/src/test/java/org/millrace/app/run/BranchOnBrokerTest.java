package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.cli.MillraceCommandLine;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.kafka.KafkaSettings;

/** Branches of runs on a real broker: they cool, and their trunks are not affected. */
class BranchOnBrokerTest {
    private static final Path SAMPLE = Path.of("../samples/fashion-mnist/t10k-images-idx3-ubyte.gz");
    private static final int BATCH = Commands.BATCH;
    private static final int BRANCHED = 10;
    private static final int COOLED = 15; // and so far go the trunks
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;

    private record Outcome(int exitCode, String out, String error) {}

    /** What trunks and branches must come to, which train on these records too. */
    @BeforeAll
    static void trainUndisturbed() throws IOException {
        broker = EmbeddedBroker.start(data.resolve("broker"), new BrokerConfig(0, -1), "test");
        push("still", COOLED);
        good("train", "--until-step=" + COOLED, "straight", "still");
        good("train", "--until-step=" + COOLED, "known", "still", "optimiser.cool-from=10", "optimiser.cool-steps=5");
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void branch_ofAStoppedTrunk_coolsAsARunThatKnewAndLeavesTheTrunkAsItWas() throws Exception {
        good("train", "--until-step=" + BRANCHED, "trunk", "still");
        List<String> before = state("trunk");
        Outcome branch = good("branch cold --cool-steps=5", "", "trunk", "still");
        assertThat(branch.out())
                .contains(
                        "branch cold of run trunk after step 10; its rate falls to 0 at step 15",
                        "published encoder 15",
                        "branch cold is done: encoder 15 is on cold.encoders");

        assertThat(state("trunk")).isEqualTo(before);
        good("train", "--until-step=" + COOLED, "trunk", "still");
        assertThat(state("trunk")).isEqualTo(state("straight"));
        assertThat(state("cold")).isEqualTo(state("known"));

        List<JournalEvent> journal = journal("cold");
        assertThat(journal.get(0))
                .isInstanceOfSatisfying(
                        RunStarted.class, start -> assertThat(start.step()).isEqualTo(BRANCHED));
        assertThat(journal.get(1)).isInstanceOfSatisfying(StepPlan.class, plan -> {
            assertThat(plan.step()).isEqualTo(11);
            assertThat(plan.ranges()).containsExactly(new OffsetRange(0, 10 * BATCH, 11 * BATCH));
        });
        List<StepDone> done = journal.stream()
                .filter(StepDone.class::isInstance)
                .map(StepDone.class::cast)
                .toList();
        assertThat(done).extracting(StepDone::step).containsExactly(11L, 12L, 13L, 14L, 15L);
        for (StepDone step : done) {
            assertThat(step.learningRate()).isCloseTo(0.03 * (COOLED - step.step()) / 5, offset(1e-12));
        }
        assertThat(keysOfTopic("cold.encoders")).contains("15/manifest").doesNotContain("0/manifest");
        assertThat(good("inspect run", "", "cold", "still").out())
                .contains("branched after   step 10", "steps done       5", "contiguous       yes");
        assertThat(good("inspect keys", "", "cold", "still").out())
                .contains("dictionary 32 of 32 keys", "appended   120 keys");
    }

    @Test
    @SuppressWarnings("try") // the trunk is only kept running
    void branch_ofARunningTrunk_coolsAndTheTrunkGoesOnAsIfAlone() throws Exception {
        LoggedRecords.copy(kafka(), "still", 0, BRANCHED * BATCH, "live");
        try (TrainerChild trunk = TrainerChild.start(arguments("train", "", "moving", "live"))) {
            await().atMost(PATIENCE)
                    .until(() -> Files.exists(run("moving").resolve("checkpoints/step-000000000010/state.json")));
            CompletableFuture<Outcome> branch = CompletableFuture.supplyAsync(
                    () -> call(arguments("branch released --cool-steps=5", "", "moving", "live")));
            await().atMost(PATIENCE).until(() -> Files.isDirectory(run("released")) || branch.isDone());
            LoggedRecords.copy(kafka(), "still", BRANCHED * BATCH, COOLED * BATCH, "live"); // both wait for these
            assertThat(branch.join())
                    .satisfies(outcome ->
                            assertThat(outcome.exitCode()).as(outcome.error()).isZero());
            await().atMost(PATIENCE)
                    .until(() -> Files.exists(run("moving").resolve("checkpoints/step-000000000015/state.json")));
        }
        assertThat(state("moving")).isEqualTo(state("straight"));
        assertThat(state("released")).isEqualTo(state("known"));
    }

    @Test
    void branch_thatCannotBe_isRefusedWithTheReasonAndLeavesNothingBehind() throws Exception {
        push("refused", 8);
        assertThat(call(arguments("branch early --cool-steps=2", "", "young", "refused")))
                .satisfies(none -> refused(none, "run young has no whole checkpoint under"));
        good("train", "--until-step=5", "young", "refused");
        assertThat(call(arguments("branch young --cool-steps=2", "", "young", "refused")))
                .satisfies(same -> refused(same, "NEW_NAME must differ from the name of the trunk, run.name=young"));
        assertThat(call(arguments("branch odd --cool-steps=2", "", "young", "refused", "run.seed=2")))
                .satisfies(other -> refused(other, "run.seed: 1 → 2"));
        assertThat(run("odd")).doesNotExist();
        assertThat(journalExists("odd")).isFalse();

        good("branch first --cool-steps=2", "", "young", "refused");
        assertThat(call(arguments("branch first --cool-steps=2", "", "young", "refused")))
                .satisfies(taken -> refused(taken, "there is a run first already, in " + run("first")));
        assertThat(call(arguments("branch again --cool-steps=2", "", "first", "refused")))
                .satisfies(cold -> refused(cold, "run first is itself a branch, cooling since step 5"));
        try (Stream<Path> files = Files.walk(run("first"))) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
        assertThat(call(arguments("branch first --cool-steps=2", "", "young", "refused")))
                .satisfies(topic -> refused(topic, "there is a run first already: the topic first.steps exists"));
        assertThat(run("first")).doesNotExist();
    }

    private static void refused(Outcome outcome, String reason) {
        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.error()).contains(reason).doesNotContain("\tat ", "unexpected");
    }

    private static void push(String topic, int batches) {
        good("push " + SAMPLE, Commands.batches(batches), "any", topic);
    }

    private static Outcome good(String command, String option, String run, String topic, String... settings) {
        Outcome outcome = call(arguments(command, option, run, topic, settings));
        assertThat(outcome.exitCode()).as(command + ": " + outcome.error()).isZero();
        return outcome;
    }

    private static String[] arguments(String command, String option, String run, String topic, String... settings) {
        List<String> all = new ArrayList<>(List.of(command.split(" ")));
        if (!option.isEmpty()) {
            all.add(option);
        }
        all.add("--bootstrap-server=" + broker.bootstrapServers());
        List<String> small = new ArrayList<>(List.of(
                "run.data=" + data,
                "run.name=" + run,
                "run.threads=1",
                "images.topic=" + topic,
                "images.partitions=1",
                "encoder.height=16",
                "encoder.width=16",
                "encoder.channels=1",
                "head.output=16",
                "moco.queue-size=32",
                "optimiser.warmup-steps=4",
                "trainer.batch-size=" + BATCH,
                "trainer.checkpoint-every-steps=5",
                "trainer.publish-every-steps=100",
                "replay.policy=reservoir",
                "replay.capacity=50"));
        small.addAll(List.of(settings));
        small.forEach(setting -> all.add("--set=" + setting));
        return all.toArray(String[]::new);
    }

    private static Outcome call(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter error = new StringWriter();
        int exitCode = MillraceCommandLine.run(new PrintWriter(out, true), new PrintWriter(error, true), arguments);
        return new Outcome(exitCode, out.toString(), error.toString());
    }

    private static Path run(String name) {
        return data.resolve("runs").resolve(name);
    }

    /** The files of a run's newest checkpoint that must be equal byte for byte. */
    private static List<String> state(String run) throws IOException {
        Path last;
        try (Stream<Path> checkpoints = Files.list(run(run).resolve("checkpoints"))) {
            last = checkpoints
                    .filter(path -> path.getFileName().toString().startsWith("step-"))
                    .max(Path::compareTo)
                    .orElseThrow();
        }
        List<String> digests = new ArrayList<>(List.of(last.getFileName().toString()));
        for (String file : List.of("query.safetensors", "key.safetensors", "optimiser.safetensors", "buffer.bin")) {
            digests.add(file + " " + Sha256.of(Files.readAllBytes(last.resolve(file))));
        }
        return digests;
    }

    private static boolean journalExists(String run) {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka().consumer(Map.of()))) {
            return consumer.listTopics().containsKey(run + ".steps");
        }
    }

    private static List<JournalEvent> journal(String run) {
        return read(run + ".steps", record -> Json.read(record.value(), JournalEvent.class));
    }

    private static List<String> keysOfTopic(String topic) {
        return read(topic, record -> new String(record.key(), StandardCharsets.UTF_8));
    }

    private static <T> List<T> read(String topic, Function<ConsumerRecord<byte[], byte[]>, T> what) {
        return LoggedRecords.of(kafka(), topic).stream().map(what).toList();
    }

    private static KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}
