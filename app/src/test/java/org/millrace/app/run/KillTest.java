package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.run.Commands.run;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;

/**
 * {@code kill -9} at random instants, some of them with the broker: the run's result must equal that of an undisturbed run.
 *
 * <p>{@code mvn verify} runs the short form, a kill for each case; the long one is {@code bench/kills}, 40 kills over some 500 steps for each
 * objective.
 */
class KillTest {
    private static final int KILLS = Integer.getInteger("millrace.kills", 1);
    private static final int STEPS_A_KILL = KILLS > 1 ? 12 : 8;
    private static final int LAST_STEPS =
            4; // their images are pushed after the last kill, so no process ends before its kill
    private static final int CHECKPOINT_STEPS = 5;
    private static final long SEED = Long.getLong("millrace.seed", System.nanoTime() & 0xffff);

    @TempDir
    private static Path data;

    private static BrokerChild broker;
    private static Commands commands;
    private final SplittableRandom random = new SplittableRandom(SEED);

    @BeforeAll
    static void startBroker() throws IOException {
        broker = BrokerChild.start(data.resolve("kafka"));
        commands = new Commands(broker::address, data);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @ParameterizedTest
    @CsvSource({"moco-v2, reservoir, 'dictionary       32 keys, age '", "byol, min-red, 'health           of step '"})
    void train_killedAgainAndAgain_comesToTheSameBits(String objective, String policy, String measured)
            throws Exception {
        int steps = STEPS_A_KILL * KILLS + LAST_STEPS;
        String[] settings = {
            "--set=images.topic=" + objective,
            "--set=trainer.objective=" + objective,
            "--set=replay.policy=" + policy,
            "--set=replay.updates-per-batch=2",
            "--set=trainer.checkpoint-every-steps=" + CHECKPOINT_STEPS,
            "--set=images.partitions=1"
        };
        int before = imagesOf(steps - LAST_STEPS);
        commands.good("push", Commands.SAMPLE, "--limit=" + before, settings);

        String killedRun = "killed-" + objective;
        String straightRun = "straight-" + objective;
        String[] killed = run(killedRun, with(settings, "--set=trainer.health-every-steps=3")); // which changes no bit
        trainKilling(
                steps,
                killed,
                KILLS,
                () -> commands.good(
                        "push", Commands.SAMPLE, "--skip=" + before, "--limit=" + imagesOf(LAST_STEPS), settings));
        commands.good(
                "train",
                "--until-step=" + steps,
                run(straightRun, with(settings, "--set=trainer.health-every-steps=0")));
        assertThat(RunStates.last(commands.folder(killedRun))).isEqualTo(RunStates.last(commands.folder(straightRun)));
        assertThat(commands.good("inspect", "run", killed))
                .contains("steps done       " + steps, "contiguous       yes", measured);
        assertThat(commands.good("audit", killed)).contains("lost 0, trained twice 0");
        assertThat(RunStates.results(kafka(), killedRun)).isEqualTo(RunStates.results(kafka(), straightRun));
        int last = (steps - 1) / CHECKPOINT_STEPS * CHECKPOINT_STEPS;
        assertThat(commands.good("replay", "--from=" + last, killed))
                .contains("from the checkpoint of step " + last, ": all equal to the bit");
        System.out.println(objective + ", " + policy + ": " + KILLS + " kills over " + steps + " steps, seed " + SEED
                + ": the same bits");
    }

    @Test
    void train_imagesComeInBurstsToFourPartitions_equalsItsReplay() throws Exception {
        int kills = Math.max(1, KILLS / 4);
        int steps = STEPS_A_KILL * kills + LAST_STEPS;
        String[] settings = run(
                "bursts",
                "--set=images.topic=bursts",
                "--set=images.partitions=4",
                "--set=replay.policy=two-tier",
                "--set=replay.fresh-share=0.5",
                "--set=replay.share-rate=0.01");
        commands.good("push", Commands.SAMPLE, "--limit=20", settings);
        AtomicBoolean done = new AtomicBoolean();
        AtomicInteger most = new AtomicInteger(imagesOf(steps - LAST_STEPS));
        Thread pusher = new Thread(() -> pushInBursts(most, settings, done));
        pusher.start();
        trainKilling(steps, settings, kills, () -> most.set(imagesOf(steps) + 100));
        done.set(true);
        pusher.join();
        String replayed = commands.good("replay", settings);
        assertThat(replayed).contains(steps + " losses, " + steps / 4 + " digests: all equal to the bit");
        assertThat(commands.good("audit", settings)).contains("lost 0, trained twice 0");
        System.out.println("bursts to 4 partitions: " + kills + " kills, seed " + SEED + ": " + replayed.strip());
    }

    private static String[] with(String[] settings, String more) {
        return Stream.concat(Arrays.stream(settings), Stream.of(more)).toArray(String[]::new);
    }

    /** New images of so many steps: half of each batch, or every second batch. */
    private static int imagesOf(int steps) {
        return Commands.BATCH * steps / 2;
    }

    // each process is killed some steps after the previous one, or while it starts; the last one ends normally
    private void trainKilling(int steps, String[] run, int kills, Runnable beforeTheLast) throws Exception {
        System.out.println("seed " + SEED);
        for (int kill = 0; kill < kills; kill++) {
            boolean withBroker = kills == 1 ? random.nextBoolean() : (kills - kill) % 2 == 1;
            try (TrainerChild trainer = TrainerChild.start(commands.line("train", "--until-step=" + steps, run))) {
                if (random.nextInt(4) == 0) {
                    Thread.sleep(random.nextInt(4_000));
                } else {
                    awaitStep(run, (long) STEPS_A_KILL * kill + random.nextInt(STEPS_A_KILL), trainer);
                    Thread.sleep(random.nextInt(200));
                }
                assertThat(trainer.isAlive())
                        .as("it was quicker than the kill: no test")
                        .isTrue();
                if (withBroker && random.nextBoolean()) { // sometimes the broker first, sometimes the trainer
                    broker.kill();
                    Thread.sleep(random.nextInt(500));
                }
                trainer.kill();
            }
            if (withBroker) {
                broker.kill();
                broker.startAgain();
                broker.awaitAnswer();
            }
        }
        beforeTheLast.run();
        commands.good("train", "--until-step=" + steps, run);
    }

    private void awaitStep(String[] run, long step, TrainerChild trainer) throws InterruptedException {
        var topic = new TopicPartition(run[0].substring("--set=run.name=".length()) + ".steps", 0);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka().consumer(Map.of()))) {
            consumer.assign(List.of(topic));
            long reached = 0;
            while (reached < step) {
                if (!trainer.isAlive()) {
                    throw new AssertionError(
                            "the trainer ended at step " + reached + " where " + step + " was awaited");
                }
                for (var record : consumer.poll(Duration.ofMillis(50))) {
                    if (Json.read(record.value(), JournalEvent.class) instanceof StepDone result) {
                        reached = Math.max(reached, result.step());
                    }
                }
            }
        }
    }

    private static KafkaSettings kafka() {
        return PatientKafka.at(broker.address(), Map.of("consumer.auto.offset.reset", "earliest"));
    }

    /** @param most images so far; may be raised later */
    private void pushInBursts(AtomicInteger most, String[] settings, AtomicBoolean done) {
        SplittableRandom bursts = new SplittableRandom(SEED + 1);
        int pushed = 20;
        List<Integer> sizes = new ArrayList<>();
        while (!done.get()) {
            int burst = Math.min(1 + bursts.nextInt(60), most.get() - pushed);
            try {
                Thread.sleep(bursts.nextInt(1_500));
                if (burst <= 0) {
                    continue;
                }
                broker.awaitAnswer();
                int code = commands.call(
                        new StringWriter(),
                        new StringWriter(),
                        "push",
                        Commands.SAMPLE,
                        "--skip=" + pushed,
                        "--limit=" + burst,
                        settings);
                pushed += code == 0 ? burst : 0;
                sizes.add(code == 0 ? burst : -burst);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        System.out.println("bursts " + sizes + " (negative: the broker was killed meanwhile)");
    }
}
