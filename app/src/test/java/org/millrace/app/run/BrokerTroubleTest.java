package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.millrace.app.run.Commands.run;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.kafka.KafkaSettings;

/** A trainer whose broker goes away, comes back, or is replaced by another. */
class BrokerTroubleTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5); // only a hang takes that long

    @TempDir
    private Path data;

    private EmbeddedBroker broker;
    private Commands commands;
    private int port;

    @BeforeEach
    void startBroker() throws IOException {
        port = BrokerChild.freePort();
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(port, -1), "test");
        commands = new Commands(() -> "127.0.0.1:" + port, data);
    }

    @AfterEach
    void stopBroker() {
        broker.close();
    }

    @Test
    void train_brokerAwayLongerThanATransactionMayLast_waitsSaysSoOnceAndGoesOnExact() throws Exception {
        commands.good("push", Commands.SAMPLE, "--limit=640"); // 40 steps: it cannot end before the broker goes

        StringWriter out = new StringWriter();
        CompletableFuture<Integer> trainer = CompletableFuture.supplyAsync(() -> commands.call(
                out,
                out,
                "train",
                "--until-step=46",
                run("tried"),
                "--set=kafka.producer.transaction.timeout.ms=3000",
                "--set=kafka.producer.delivery.timeout.ms=4000",
                "--set=kafka.producer.request.timeout.ms=3000"));
        awaitWords(out, trainer, "checkpoint of step 10");
        broker.close();
        awaitWords(out, trainer, "the broker does not answer");
        Thread.sleep(6_000); // deliveries and transactions run out meanwhile; the outcome is the same if they do not
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(port, -1), "test");
        commands.good("push", Commands.SAMPLE, "--skip=640", "--limit=96");
        assertThat(trainer.get()).as(out.toString()).isZero();
        commands.good("train", "--until-step=46", run("straight"));

        assertThat(out.toString())
                .containsPattern("the broker does not answer; waiting for it(?s:.*)the broker answers again, after ")
                // each silence is reported once: a slow machine may have several
                .doesNotContainPattern("does not answer;(?s:(?!answers again).)*does not answer;")
                .doesNotContainPattern("answers again,(?s:(?!does not answer).)*answers again,")
                .doesNotContain("Exception")
                .doesNotContain("WARN");
        assertThat(RunStates.last(commands.folder("tried"))).isEqualTo(RunStates.last(commands.folder("straight")));
        assertThat(commands.good("inspect", "run", "--run=tried"))
                .contains("steps done       46", "contiguous       yes");
        assertThat(commands.good("audit", run("tried"))).contains("lost 0, trained twice 0");
        assertThat(commands.good("replay", run("tried"))).contains("46 losses, 11 digests: all equal to the bit");
    }

    @Test
    void train_stoppedWhileTheBrokerIsAway_leavesAndGoesOnExact() throws Exception {
        commands.good("push", Commands.SAMPLE, "--limit=640"); // 40 steps: it cannot end before the broker goes
        // a delivery would be tried for longer than the test has patience
        String[] patient = run("stopped", "--set=kafka.producer.delivery.timeout.ms=3600000");
        try (TrainerChild trainer = TrainerChild.start(commands.line("train", "--until-step=46", patient))) {
            await().atMost(PATIENCE)
                    .until(() ->
                            RunStates.checkpoints(commands.folder("stopped")).size() >= 2);
            broker.close();
            assertThat(trainer.terminate()).isIn(1, 143);
        }
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(port, -1), "test");
        commands.good("push", Commands.SAMPLE, "--skip=640", "--limit=96");
        commands.good("train", "--until-step=46", "--run=stopped");
        commands.good("train", "--until-step=46", run("straight"));
        assertThat(RunStates.last(commands.folder("stopped"))).isEqualTo(RunStates.last(commands.folder("straight")));
        assertThat(commands.good("audit", run("stopped"))).contains("lost 0, trained twice 0");
    }

    @Test
    void train_askedToStop_takesACheckpointAndLeaves() throws Exception {
        commands.good("push", Commands.SAMPLE, "--limit=1920");
        try (TrainerChild trainer = TrainerChild.start(commands.line("train", run("asked")))) {
            await().atMost(PATIENCE)
                    .until(() -> RunStates.checkpoints(commands.folder("asked")).size() >= 2);
            assertThat(trainer.terminate()).isEqualTo(143);
        }
        String going = commands.good("train", "--until-step=1", run("asked"));
        assertThat(going).contains("going on from the checkpoint of step ").doesNotContain("computing 0 ");
        List<Path> checkpoints = RunStates.checkpoints(commands.folder("asked"));
        long last = Long.parseLong(
                checkpoints.get(checkpoints.size() - 1).getFileName().toString().substring("step-".length()));
        assertThat(commands.good("inspect", "run", run("asked"))).contains("steps done       " + last);
    }

    @Test
    void train_secondTrainerElsewhere_shutsTheFirstOut() throws Exception {
        commands.good("push", Commands.SAMPLE, "--limit=640"); // 40 steps
        String[] once = run("twice", "--set=trainer.digest-every-steps=4");
        StringWriter first = new StringWriter();
        CompletableFuture<Integer> zombie = CompletableFuture.supplyAsync(
                () -> commands.call(first, first, "train", once, "--set=run.data=" + data.resolve("machine-1")));
        awaitWords(first, zombie, "checkpoint of step 10");

        StringWriter here = new StringWriter();
        assertThat(commands.call(here, here, "train", once, "--set=run.data=" + data.resolve("machine-1")))
                .isEqualTo(1);
        assertThat(here.toString())
                .contains("run twice is being trained already, by process ", "stop that one")
                .doesNotContain("\tat ");

        String[] there = run("twice", "--set=run.data=" + data.resolve("machine-2"));
        StringWriter second = new StringWriter();
        CompletableFuture<Integer> heir =
                CompletableFuture.supplyAsync(() -> commands.call(second, second, "train", "--until-step=46", there));
        awaitWords(second, heir, "checkpoint of step 10");
        // the first may have reached the end of the images: it notices the other when it has something to write
        commands.good("push", Commands.SAMPLE, "--skip=640", "--limit=96");
        assertThat(heir.get()).as(second.toString()).isZero();
        commands.good("train", "--until-step=46", run("shared"));
        assertThat(zombie.get()).as(first.toString()).isEqualTo(1);
        assertThat(first.toString())
                .contains("run twice was taken over by another trainer (process ", "A run has one trainer at a time")
                .doesNotContain("\tat ");
        assertThat(RunStates.last(data.resolve("machine-2/runs/twice")))
                .isEqualTo(RunStates.last(commands.folder("shared")));
        assertThat(commands.good("audit", there)).contains("lost 0, trained twice 0");
        assertThat(commands.good("replay", there)).contains("46 losses, 11 digests: all equal to the bit");
    }

    @Test
    void train_imagesGoneBeforeTheyWereTrained_refusedWithTheChoiceThenSkipped() throws Exception {
        commands.good("push", Commands.SAMPLE, "--limit=320");
        commands.good("train", "--until-step=10", run("late"));
        try (Admin admin = Admin.create(kafka().admin())) {
            admin.deleteRecords(Map.of(new TopicPartition("images", 0), RecordsToDelete.beforeOffset(200)))
                    .all()
                    .get();
        }
        String refused = commands.bad("train", "--until-step=12", run("late"));
        assertThat(refused)
                .contains("offset 160 of partition 0 of images, whose log begins at 200 now", "--on-gap", "skip  go on")
                .doesNotContain("\tat ");
        assertThat(commands.good("train", "--until-end", "--on-gap=skip", run("late")))
                .contains("skipped: ", "Going on at the offsets {0=200} after step 10")
                .contains("8 images left in the log");
        assertThat(commands.good("audit", run("late")))
                .contains("offsets skipped  40", "skipped by choice after step 10", "lost 0, trained twice 0");
        assertThat(commands.good("inspect", "run", run("late")))
                .contains("skipped          after step 10", "steps done       17");
        assertThat(commands.good("replay", run("late")))
                .contains(
                        "7 steps of run late computed again from the checkpoint of step 10; compared: 7 losses, 2 digests:"
                                + " all equal to the bit");
        String restarted = commands.good("train", "--until-step=17", run("late"));
        assertThat(restarted).doesNotContain("skipped: ");
    }

    @Test
    void train_topicMadeAnew_refusedWithTheChoiceThenSkipped() throws Exception {
        commands.good("push", Commands.SAMPLE, "--limit=320");
        commands.good("train", "--until-step=10", run("anew"));
        try (Admin admin = Admin.create(kafka().admin())) {
            admin.deleteTopics(List.of("images")).all().get();
            await().atMost(PATIENCE)
                    .until(() -> !admin.listTopics().names().get().contains("images"));
        }
        commands.good("push", Commands.SAMPLE, "--skip=320", "--limit=320");
        assertThat(commands.bad("train", "--until-step=12", run("anew")))
                .contains(
                        "the topic images was deleted and created again since this run trained from it: its id was ",
                        "--on-gap")
                .doesNotContain("\tat ");
        commands.good("train", "--until-step=14", "--on-gap=skip", run("anew"));
        assertThat(commands.good("train", "--until-end", run("anew")))
                .contains("going on from the checkpoint of step 14");
        assertThat(commands.good("audit", run("anew")))
                .contains("skipped by choice after step 10", "lost 0, trained twice 0");
    }

    private static void awaitWords(StringWriter out, CompletableFuture<Integer> trainer, String words) {
        await().atMost(PATIENCE).until(() -> out.toString().contains(words) || trainer.isDone());
        assertThat(out.toString()).contains(words);
    }

    private KafkaSettings kafka() {
        return new KafkaSettings("127.0.0.1:" + port, Map.of());
    }
}
