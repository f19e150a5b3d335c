package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.run.Commands.run;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.CrashingTrainer;

/**
 * A process that dies at each crash point of docs/decisions/0016, and the recovery of the next one: its files and its journal are those of
 * an undisturbed run. The one that dies before its first checkpoint is replayed besides.
 */
class CrashPointTest {
    private static final int STEPS = 12;
    private static final String EARLY = "early";
    /** They add segments to what a key, a checkpoint and an image of the replay buffer hold. */
    private static final List<String> SEGMENTS = List.of("views.temporal=auto", "moco.mask-segment=true");

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;
    private static List<String> straight;
    private static Map<Long, String> straightResults;
    /** The outcome of each run's process. Two run at a time, beside the tests, since most of their time is startup. */
    private static final Map<String, Future<Integer>> crashes = new HashMap<>();

    private static final ExecutorService children = Executors.newFixedThreadPool(2);

    @BeforeAll
    static void trainStraight() throws Exception {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        commands.good("push", Commands.SAMPLE, Commands.batches(STEPS));
        commands.good("train", "--until-step=" + STEPS, settings("straight"));
        straight = RunStates.last(commands.folder("straight"));
        straightResults = RunStates.results(kafka(), "straight");
        moments().forEach(moment -> crashes.put(name(moment), crash(moment, 9, 5, name(moment))));
        crashes.put(EARLY, crash("COMPUTED", 4, 0, EARLY));
    }

    @AfterAll
    static void stopBroker() {
        children.shutdownNow();
        broker.close();
    }

    static Stream<String> moments() {
        return CrashingTrainer.moments().stream();
    }

    @ParameterizedTest
    @MethodSource("moments")
    void train_crashedAt_goesOnToTheSameBits(String moment) throws Exception {
        assertThat(crashedAndEnded(name(moment))).contains("going on from the checkpoint of step ");
    }

    @Test
    void train_crashedBeforeTheFirstCheckpoint_beginsWithAnEmptyDictionary() throws Exception {
        assertThat(crashedAndEnded(EARLY)).contains("there is no checkpoint; computing ");
        assertThat(commands.good("replay", settings(EARLY)))
                .contains(STEPS + " losses, 3 digests: all equal to the bit");
    }

    private static String name(String moment) {
        return moment.toLowerCase(Locale.ROOT);
    }

    private static String[] settings(String run) {
        return run(run, SEGMENTS.stream().map(setting -> "--set=" + setting).toArray(String[]::new));
    }

    private static Future<Integer> crash(String moment, int step, int checkpointed, String name) {
        String[] arguments = Stream.concat(
                        Stream.of(
                                broker.bootstrapServers(),
                                moment,
                                String.valueOf(step),
                                String.valueOf(checkpointed),
                                String.valueOf(STEPS),
                                "run.name=" + name),
                        Stream.concat(commands.settings(), SEGMENTS.stream()))
                .toArray(String[]::new);
        return children.submit(() -> {
            try (TrainerChild child = TrainerChild.start(CrashingTrainer.class, arguments)) {
                return child.await();
            }
        });
    }

    private static String crashedAndEnded(String name) throws Exception {
        assertThat(Objects.requireNonNull(crashes.get(name)).get())
                .as("it did not come to its moment")
                .isEqualTo(137);
        String[] run = settings(name);
        String out = commands.good("train", "--until-step=" + STEPS, run);
        assertThat(RunStates.last(commands.folder(name))).isEqualTo(straight);
        assertThat(commands.good("audit", run)).contains("lost 0, trained twice 0");
        assertThat(commands.good("inspect", "run", run)).contains("steps done       " + STEPS, "contiguous       yes");
        assertThat(RunStates.results(kafka(), name)).hasSize(STEPS).isEqualTo(straightResults);
        return out;
    }

    private static KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}
