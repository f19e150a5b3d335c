package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.run.Commands.run;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.BrokerConfig;

/**
 * Each file of a run's newest checkpoint and of its key store, damaged in one of three ways: the run continues to the same bits, or
 * reports clearly what is damaged and changes nothing. Every way on every file of a checkpoint is in {@code CheckpointFolderTest}; {@code
 * -Dmillrace.damage=all} does it here too, for every file.
 */
class DamageTest {
    private static final int STEPS = 11;
    private static final int STOPPED_AT = 9;
    private static final int CHECKPOINT_STEPS = 3;
    private static final List<String> CHECKPOINT_FILES = List.of(
            "state.json",
            "state.sha256",
            "query.safetensors",
            "key.safetensors",
            "optimiser.safetensors",
            "buffer.bin");
    private static final boolean ALL = System.getProperty("millrace.damage", "").equals("all");

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;
    private static List<String> undamaged;

    /** A kind of damage to a file. */
    enum Damage {
        BIT_FLIPPED {
            @Override
            void doTo(Path file) throws IOException {
                byte[] bytes = Files.readAllBytes(file);
                if (bytes.length > 0) {
                    bytes[bytes.length / 2] ^= 4;
                }
                Files.write(file, bytes);
            }
        },
        TRUNCATED {
            @Override
            void doTo(Path file) throws IOException {
                byte[] bytes = Files.readAllBytes(file);
                Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
            }
        },
        MISSING {
            @Override
            void doTo(Path file) throws IOException {
                Files.delete(file);
            }
        };

        abstract void doTo(Path file) throws IOException;
    }

    @BeforeAll
    static void trainUndamaged() throws Exception {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        commands.good("push", Commands.SAMPLE, Commands.batches(STEPS));
        commands.good("train", "--until-step=6", damaged(data));
        commands.good("train", "--until-step=" + STOPPED_AT, damaged(data)); // its keys lie in an SST and in the log
        copy(data.resolve("runs"), data.resolve("copy/runs"));
        commands.good("train", "--until-step=" + STEPS, damaged(data));
        undamaged = RunStates.last(commands.folder("damaged"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @ParameterizedTest
    @EnumSource
    void train_aFileOfTheCheckpointDamaged_takesTheOneBeforeAndSaysSo(Damage damage) throws Exception {
        for (String file : turnsOf(damage, CHECKPOINT_FILES)) {
            Path folder = freshCopy(damage + "-" + file);
            List<Path> checkpoints = RunStates.checkpoints(folder.resolve("runs/damaged"));
            damage.doTo(checkpoints.get(checkpoints.size() - 1).resolve(file));
            String out = commands.good("train", "--until-step=" + STEPS, damaged(folder));
            assertThat(out)
                    .as(file)
                    .contains("going on from the checkpoint of step " + (STOPPED_AT - CHECKPOINT_STEPS));
            assertThat(RunStates.last(folder.resolve("runs/damaged"))).as(file).isEqualTo(undamaged);
        }
    }

    @ParameterizedTest
    @EnumSource
    void train_aFileOfTheKeyStoreDamaged_sameBitsOrAClearError(Damage damage) throws Exception {
        for (String file : turnsOf(damage, keyStoreFiles())) {
            Path folder = freshCopy(damage + "-" + file);
            damage.doTo(folder.resolve("runs/damaged/keys").resolve(file));
            String[] run = damaged(folder);
            StringWriter out = new StringWriter();
            StringWriter error = new StringWriter();
            int code = commands.call(out, error, "train", "--until-step=" + STEPS, run);
            System.out.println(damage + " " + file + ": " + code + " "
                    + (code == 0 ? out.toString().lines().skip(1).findFirst().orElse("") : error));
            if (code == 0) { // the damage may lie in keys that nothing needs any more
                assertThat(RunStates.lastCheckpoint(folder.resolve("runs/damaged")))
                        .as(file)
                        .isEqualTo(undamaged.subList(0, undamaged.size() - 1)); // without the keys
            } else {
                assertThat(error.toString())
                        .as(file)
                        .contains(
                                "The key store",
                                folder.resolve("runs/damaged/keys").toString())
                        .doesNotContain("\tat ");
                Files.move(folder.resolve("runs/damaged/keys"), folder.resolve("damaged-keys"));
                commands.good(
                        "train", "--until-step=" + STEPS, run); // as the error advises: from the journal's beginning
                assertThat(RunStates.last(folder.resolve("runs/damaged")))
                        .as(file)
                        .isEqualTo(undamaged);
            }
        }
    }

    private static String[] damaged(Path folder) {
        return run("damaged", "--set=run.data=" + folder, "--set=trainer.checkpoint-every-steps=" + CHECKPOINT_STEPS);
    }

    private static List<String> turnsOf(Damage damage, List<String> files) {
        return IntStream.range(0, files.size())
                .filter(number -> ALL || Damage.values()[number % Damage.values().length] == damage)
                .mapToObj(files::get)
                .toList();
    }

    private static List<String> keyStoreFiles() throws IOException {
        try (Stream<Path> files = Files.list(data.resolve("copy/runs/damaged/keys"))) {
            List<String> names =
                    new ArrayList<>(files.map(file -> file.getFileName().toString())
                            .filter(name -> name.matches(".*\\.(sst|log)|MANIFEST.*|CURRENT|OPTIONS.*"))
                            .sorted()
                            .toList());
            assertThat(String.join(" ", names)).contains(".sst", ".log", "MANIFEST", "CURRENT");
            return names;
        }
    }

    private static Path freshCopy(String name) {
        Path folder = data.resolve("cases").resolve(name);
        copy(data.resolve("copy"), folder);
        return folder;
    }

    private static void copy(Path from, Path to) {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path each : tree.toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                Files.createDirectories(target.getParent());
                if (Files.isDirectory(each)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(each, target);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
