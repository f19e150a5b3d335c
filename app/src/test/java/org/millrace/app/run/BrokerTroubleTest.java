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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.kafka.KafkaSettings;

/**
 * A trainer whose broker goes away, comes back, or is replaced by another. Each test has a topic of its own with the same records, so that
 * one undisturbed run says what each must come to.
 */
class BrokerTroubleTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5); // only a hang takes that long

    private static final int STEPS = 34;
    private static final int FIRST_STEPS =
            30; // the images of the others come later: no trainer ends before its trouble
    private static final String UNTIL = "--until-step=" + STEPS;

    @TempDir
    private static Path data;

    private static Commands commands;
    private static int port;
    private static EmbeddedBroker broker;
    private static boolean away;
    private static List<String> straight;
    private static Map<Long, String> straightResults;

    @BeforeAll
    static void trainUndisturbed() throws IOException {
        port = BrokerChild.freePort();
        broker = startBroker();
        commands = new Commands(() -> "127.0.0.1:" + port, data);
        commands.good("push", Commands.SAMPLE, Commands.batches(STEPS));
        commands.good("train", UNTIL, run("straight"));
        straight = RunStates.last(commands.folder("straight"));
        straightResults = RunStates.results(kafka(), "straight");
    }

    @AfterEach
    void bringBrokerBack() {
        if (away) {
            broker = startBroker();
            away = false;
        }
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void train_brokerAwayLongerThanATransactionMayLast_waitsSaysSoOnceAndGoesOnExact() throws Exception {
        String[] tried = run("tried", "--set=images.topic=tried");
        logTheFirst("tried");

        StringWriter out = new StringWriter();
        CompletableFuture<Integer> trainer = CompletableFuture.supplyAsync(() -> commands.call(
                out,
                out,
                "train",
                UNTIL,
                tried,
                "--set=kafka.producer.transaction.timeout.ms=3000",
                "--set=kafka.producer.delivery.timeout.ms=4000",
                "--set=kafka.producer.request.timeout.ms=3000"));
        awaitWords(out, trainer, "checkpoint of step 5");
        takeBrokerAway();
        awaitWords(out, trainer, "the broker does not answer");
        Thread.sleep(6_000); // deliveries and transactions run out meanwhile; the outcome is the same if they do not
        bringBrokerBack();
        awaitWords(out, trainer, "the broker answers again"); // before the rest, without which it cannot end
        logTheRest("tried");
        assertThat(trainer.get()).as(out.toString()).isZero();

        assertThat(out.toString())
                .containsPattern("the broker does not answer; waiting for it(?s:.*)the broker answers again, after ")
                // each silence is reported once: a slow machine may have several
                .doesNotContainPattern("does not answer;(?s:(?!answers again).)*does not answer;")
                .doesNotContainPattern("answers again,(?s:(?!does not answer).)*answers again,")
                .doesNotContain("Exception")
                .doesNotContain("WARN");
        assertThat(RunStates.last(commands.folder("tried"))).isEqualTo(straight);
        assertThat(RunStates.results(kafka(), "tried")).isEqualTo(straightResults);
        assertThat(commands.good("inspect", "run", "--run=tried"))
                .contains("steps done       " + STEPS, "contiguous       yes");
        assertThat(commands.good("audit", tried)).contains("lost 0, trained twice 0");
    }

    @Test
    void train_stoppedWhileTheBrokerIsAway_leavesAndGoesOnExact() throws Exception {
        String[] stopped = run("stopped", "--set=images.topic=stopped");
        logTheFirst("stopped");
        // a delivery would be tried for longer than the test has patience
        String patient = "--set=kafka.producer.delivery.timeout.ms=3600000";
        try (TrainerChild trainer = TrainerChild.start(commands.line("train", UNTIL, patient, stopped))) {
            awaitCheckpoint("stopped");
            takeBrokerAway();
            assertThat(trainer.terminate()).isIn(1, 143);
        }
        bringBrokerBack();
        logTheRest("stopped");
        commands.good("train", UNTIL, stopped);
        assertThat(RunStates.last(commands.folder("stopped"))).isEqualTo(straight);
        assertThat(RunStates.results(kafka(), "stopped")).isEqualTo(straightResults);
        assertThat(commands.good("audit", stopped)).contains("lost 0, trained twice 0");
    }

    @Test
    void train_askedToStop_takesACheckpointAndLeaves() throws Exception {
        String[] asked = run("asked", "--set=images.topic=asked");
        commands.good("push", Commands.SAMPLE, Commands.batches(120), asked); // more than it trains until it is asked
        try (TrainerChild trainer = TrainerChild.start(commands.line("train", asked))) {
            awaitCheckpoint("asked");
            assertThat(trainer.terminate()).isEqualTo(143);
        }
        String going = commands.good("train", "--until-step=1", asked);
        assertThat(going).contains("going on from the checkpoint of step ").doesNotContain("computing 0 ");
        List<Path> checkpoints = RunStates.checkpoints(commands.folder("asked"));
        long last = Long.parseLong(
                checkpoints.get(checkpoints.size() - 1).getFileName().toString().substring("step-".length()));
        assertThat(commands.good("inspect", "run", asked)).contains("steps done       " + last);
    }

    @Test
    void train_secondTrainerElsewhere_shutsTheFirstOut() throws Exception {
        String[] twice = run("twice", "--set=images.topic=twice");
        String machine1 = "--set=run.data=" + data.resolve("machine-1");
        logTheFirst("twice");
        StringWriter first = new StringWriter();
        CompletableFuture<Integer> zombie =
                CompletableFuture.supplyAsync(() -> commands.call(first, first, "train", twice, machine1));
        awaitWords(first, zombie, "checkpoint of step 5");

        StringWriter here = new StringWriter();
        assertThat(commands.call(here, here, "train", twice, machine1)).isEqualTo(1);
        assertThat(here.toString())
                .contains("run twice is being trained already, by process ", "stop that one")
                .doesNotContain("\tat ");

        String there = "--set=run.data=" + data.resolve("machine-2");
        StringWriter second = new StringWriter();
        CompletableFuture<Integer> heir =
                CompletableFuture.supplyAsync(() -> commands.call(second, second, "train", UNTIL, twice, there));
        awaitWords(second, heir, "checkpoint of step 5");
        // the first may have reached the end of the images: it notices the other when it has something to write
        logTheRest("twice");
        assertThat(heir.get()).as(second.toString()).isZero();
        assertThat(zombie.get()).as(first.toString()).isEqualTo(1);
        assertThat(first.toString())
                .contains("run twice was taken over by another trainer (process ", "A run has one trainer at a time")
                .doesNotContain("\tat ");
        assertThat(RunStates.last(data.resolve("machine-2/runs/twice"))).isEqualTo(straight);
        assertThat(RunStates.results(kafka(), "twice")).isEqualTo(straightResults);
        assertThat(commands.good("audit", twice, there)).contains("lost 0, trained twice 0");
    }

    @Test
    void train_imagesGoneBeforeTheyWereTrained_refusedWithTheChoiceThenSkipped() throws Exception {
        String[] late = run("late", "--set=images.topic=late");
        commands.good("push", Commands.SAMPLE, "--limit=160", late);
        commands.good("train", "--until-step=10", late);
        try (Admin admin = Admin.create(kafka().admin())) {
            admin.deleteRecords(Map.of(new TopicPartition("late", 0), RecordsToDelete.beforeOffset(100)))
                    .all()
                    .get();
        }
        String refused = commands.bad("train", "--until-step=12", late);
        assertThat(refused)
                .contains("offset 80 of partition 0 of late, whose log begins at 100 now", "--on-gap", "skip  go on")
                .doesNotContain("\tat ");
        assertThat(commands.good("train", "--until-end", "--on-gap=skip", late))
                .contains("skipped: ", "Going on at the offsets {0=100} after step 10")
                .contains("4 images left in the log");
        assertThat(commands.good("audit", late))
                .contains("offsets skipped  20", "skipped by choice after step 10", "lost 0, trained twice 0");
        assertThat(commands.good("inspect", "run", late))
                .contains("skipped          after step 10", "steps done       17");
        assertThat(commands.good("replay", late))
                .contains(
                        "7 steps of run late computed again from the checkpoint of step 10; compared: 7 losses, 2 digests:"
                                + " all equal to the bit");
        String restarted = commands.good("train", "--until-step=17", late);
        assertThat(restarted).doesNotContain("skipped: ");
    }

    @Test
    void train_topicDeletedAndCreatedAgain_refusedWithTheChoiceThenSkipped() throws Exception {
        String[] recreated = run("recreated", "--set=images.topic=recreated");
        commands.good("push", Commands.SAMPLE, Commands.batches(12), recreated);
        commands.good("train", "--until-step=10", recreated);
        try (Admin admin = Admin.create(kafka().admin())) {
            admin.deleteTopics(List.of("recreated")).all().get();
            await().atMost(PATIENCE)
                    .until(() -> !admin.listTopics().names().get().contains("recreated"));
        }
        commands.good("push", Commands.SAMPLE, Commands.after(12), Commands.batches(8), recreated);
        assertThat(commands.bad("train", "--until-step=12", recreated))
                .contains(
                        "the topic recreated was deleted and created again since this run trained from it: its id was ",
                        "--on-gap")
                .doesNotContain("\tat ");
        commands.good("train", "--until-step=14", "--on-gap=skip", recreated);
        assertThat(commands.good("train", "--until-end", recreated))
                .contains("going on from the checkpoint of step 14");
        assertThat(commands.good("audit", recreated))
                .contains("skipped by choice after step 10", "lost 0, trained twice 0");
    }

    private static EmbeddedBroker startBroker() {
        return EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(port, -1), "test");
    }

    private static void takeBrokerAway() {
        away = true;
        broker.close();
    }

    private static void logTheFirst(String topic) throws Exception {
        LoggedRecords.copy(kafka(), "images", 0, FIRST_STEPS * Commands.BATCH, topic);
    }

    private static void logTheRest(String topic) throws Exception {
        LoggedRecords.copy(kafka(), "images", FIRST_STEPS * Commands.BATCH, STEPS * Commands.BATCH, topic);
    }

    private static void awaitCheckpoint(String run) {
        await().atMost(PATIENCE)
                .until(() -> !RunStates.checkpoints(commands.folder(run)).isEmpty());
    }

    private static void awaitWords(StringWriter out, CompletableFuture<Integer> trainer, String words) {
        await().atMost(PATIENCE).until(() -> out.toString().contains(words) || trainer.isDone());
        assertThat(out.toString()).contains(words);
    }

    private static KafkaSettings kafka() {
        return new KafkaSettings("127.0.0.1:" + port, Map.of());
    }
}
