package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.Commands;
import org.millrace.app.run.Ends;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigKey;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.SettingChanges;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.journal.JournalReader;
import org.millrace.trainer.run.Moment;

/**
 * Random sequences of a start, a kill, damage to the run's folder, and starts with a changed setting: each start either is refused, with
 * the run's files and topics unchanged, or continues; and a run whose changed starts were all refused ends with the same bits as an
 * undisturbed one. A kill is simulated in this process, by an exception at a {@link Moment}; CrashPointTest kills processes.
 *
 * <p>{@code mvn verify} runs the short form; the long one is {@code bench/settings}.
 */
class SettingSequencesTest {
    private static final int SEQUENCES = Integer.getInteger("millrace.sequences", 2);
    private static final long SEED = Long.getLong("millrace.seed", System.nanoTime() & 0xffff);
    private static final int LAST_STEP = 7;
    private static final List<String> OBJECTIVES =
            List.of("moco-v2", "moco-v1", "byol", "simclr", "moco-v3", "memory-bank", "end-to-end");
    private static final Pattern QUOTED = Pattern.compile("`([a-z0-9-]+)`");

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;
    private static KafkaSettings kafka;
    private static Admin admin;

    private final Random random = new Random(SEED);
    private final Map<String, Map<String, String>> undisturbed = new HashMap<>(); // last checkpoint by settings
    private final Map<String, Integer> counts = new TreeMap<>();
    private final Map<String, Integer> keys = new TreeMap<>();

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        kafka = PatientKafka.at(broker.bootstrapServers());
        admin = Admin.create(kafka.admin());
        commands.good("push", Commands.SAMPLE, Commands.batches(LAST_STEP + 6));
        commands.good("push", Commands.SAMPLE, Commands.batches(1), "--set=images.topic=other-images");
    }

    @AfterAll
    static void stopBroker() {
        admin.close();
        broker.close();
    }

    /** Simulates the end of the process without ending it. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @Test
    void train_settingsChangedAtRandom_refusedWithNothingTouchedOrGoesOn() throws Exception {
        System.out.println("seed " + SEED);
        for (int i = 0; i < SEQUENCES; i++) {
            String what = "sequence " + i + " of seed " + SEED;
            try {
                sequence("s" + i, i == 0, what);
            } catch (Exception | AssertionError e) {
                throw new AssertionError(what + ": " + e.getMessage(), e);
            } finally {
                forget("s" + i);
            }
        }
        System.out.println(
                SEQUENCES + " sequences, seed " + SEED + ": " + counts + "; keys " + keys.size() + ": " + keys);
        assertThat(counts.getOrDefault("refused", 0)).isPositive();
    }

    /** @param plain whether it starts undisturbed, with a change that is refused; every form of this test includes one */
    private void sequence(String run, boolean plain, String what) throws Exception {
        List<String> base = new ArrayList<>(List.of(
                "run.name=" + run,
                "trainer.objective=" + OBJECTIVES.get(random.nextInt(OBJECTIVES.size())),
                "replay.policy=" + (random.nextBoolean() ? "none" : "reservoir"),
                "trainer.checkpoint-every-steps=" + (1 + random.nextInt(3)),
                "trainer.publish-every-steps=3",
                "trainer.digest-every-steps=1"));
        MillraceConfig config = load(base);
        boolean onlyRefused = true;
        long reached = 1L + random.nextInt(3);
        start(config, reached, !plain && random.nextInt(4) > 0);
        int starts = 1 + random.nextInt(3);
        for (int i = 0; i < starts; i++) {
            boolean planned = JournalReader.beginning(kafka, config.run().topics())
                    .map(JournalReader.Beginning::planned)
                    .orElse(false);
            Changed changed = changed(base, config, plain && i == 0);
            String damage = damage(config);
            count(damage);
            Map<String, String> before = everything(config);
            boolean structural = SettingChanges.isStructural(changed.key(), ConfigLoader.effective(config));
            String words = what + ", " + changed + " after " + damage;
            try {
                reached = Math.min(reached + 1, LAST_STEP - 1);
                start(changed.config(), reached, random.nextInt(4) == 0);
                assertThat(planned && structural)
                        .as("%s was not refused", words)
                        .isFalse();
                count("went on");
                onlyRefused = false;
                if (structural) { // nothing was planned, so that the run begins now
                    base.add(changed.key() + "=" + changed.value());
                    config = changed.config();
                }
            } catch (UserException e) {
                assertThat(structural).as("%s: %s", words, e.getMessage()).isTrue();
                assertThat(e.getMessage()).as(words).contains("cannot continue with these", changed.key() + ": ");
                assertThat(everything(config)).as(words).isEqualTo(before);
                count("refused");
            }
        }
        start(config, LAST_STEP, false);
        Map<String, String> last = lastCheckpoint(config);
        assertThat(last).as(what).isNotEmpty();
        if (onlyRefused) {
            assertThat(last).as(what).isEqualTo(undisturbed(base));
            count("same bits");
        }
    }

    // trains to a step; with a kill, only as far as a random moment
    private void start(MillraceConfig config, long until, boolean kill) {
        List<Moment> moments = List.of(Moment.values());
        Moment moment = moments.get(random.nextInt(moments.size()));
        long at = Math.max(1, until - random.nextInt(3));
        boolean[] killed = {false};
        Moment.Listener listener = (now, step) -> {
            if (kill && now == moment && step >= at) {
                killed[0] = true;
                throw new Killed();
            }
        };
        try (Trainer trainer = new Trainer(config, kafka, new CrashingTrainer.Silence(), Clock.systemUTC(), listener)) {
            trainer.run(new TrainLimits(OptionalLong.of(until), false));
        } catch (Killed | UserException e) {
            if (!killed[0]) {
                throw e;
            }
            count("killed");
        }
    }

    private Map<String, String> undisturbed(List<String> base) throws Exception {
        List<String> settings = base.stream()
                .filter(setting -> !setting.startsWith("run.name=") && !setting.startsWith("trainer.checkpoint-every"))
                .toList();
        Map<String, String> known = undisturbed.get(settings.toString());
        if (known == null) {
            String run = "straight-" + undisturbed.size();
            MillraceConfig config = load(Stream.concat(settings.stream(), Stream.of("run.name=" + run))
                    .toList());
            start(config, LAST_STEP, false);
            known = lastCheckpoint(config);
            undisturbed.put(settings.toString(), known);
            forget(run);
        }
        return known;
    }

    /** A configuration that differs in one key. */
    private record Changed(String key, String value, MillraceConfig config) {
        @Override
        public String toString() {
            return key + "=" + value;
        }
    }

    private Changed changed(List<String> base, MillraceConfig config, boolean structural) {
        Map<String, String> effective = ConfigLoader.effective(config);
        while (true) {
            List<ConfigKey> among = ConfigLoader.keys().stream()
                    .filter(key -> bears(key.name()))
                    .filter(key -> SettingChanges.isStructural(key.name(), effective)
                            || (!structural && random.nextInt(3) == 0))
                    .toList();
            ConfigKey key = among.get(random.nextInt(among.size()));
            List<String> values = new ArrayList<>(others(key, effective.getOrDefault(key.name(), "")));
            Collections.shuffle(values, random);
            for (String value : values) {
                Optional<MillraceConfig> changed = legal(base, key.name() + "=" + value);
                if (changed.isPresent()
                        && !Objects.equals(
                                ConfigLoader.effective(changed.get()).get(key.name()), effective.get(key.name()))) {
                    keys.merge(key.name(), 1, Integer::sum);
                    return new Changed(key.name(), value, changed.get());
                }
            }
        }
    }

    // on the run's numbers, not on the process or its machine
    private static boolean bears(String key) {
        return key.equals("run.seed")
                || Stream.of("run.", "evaluator.", "drift.", "broker.", "http.", "log.")
                        .noneMatch(key::startsWith);
    }

    private static List<String> others(ConfigKey key, String value) {
        if (key.name().equals("images.topic")) {
            return List.of("other-images", "nowhere");
        }
        if (value.equals("true") || value.equals("false")) {
            return List.of(String.valueOf(value.equals("false")));
        }
        if (value.matches("-?\\d+")) {
            long number = Long.parseLong(value);
            return Stream.of(2 * number, number + 1, number / 2, number - 1, number + 16)
                    .map(String::valueOf)
                    .toList();
        }
        if (value.matches("-?\\d+\\.\\d+(E-?\\d+)?")) {
            double number = Double.parseDouble(value);
            return Stream.of(number / 2, number * 1.5, number + 0.1)
                    .map(String::valueOf)
                    .toList();
        }
        List<String> named =
                QUOTED.matcher(key.doc()).results().map(found -> found.group(1)).toList();
        return named.isEmpty() ? List.of("nowhere-" + key.name()) : named;
    }

    private static Optional<MillraceConfig> legal(List<String> base, String more) {
        try {
            return Optional.of(
                    load(Stream.concat(base.stream(), Stream.of(more)).toList()));
        } catch (UserException e) {
            return Optional.empty();
        }
    }

    private static MillraceConfig load(List<String> settings) {
        return new ConfigLoader()
                .assignments(
                        Stream.concat(commands.settings(), settings.stream()).toList())
                .load();
    }

    // what else may have become of a run's folder
    private String damage(MillraceConfig config) throws IOException {
        Path folder = config.run().folder();
        List<Path> weights = files(folder).stream()
                .filter(file -> file.endsWith("query.safetensors"))
                .toList();
        switch (random.nextInt(10)) {
            case 0 -> {
                delete(folder);
                return "the folder was lost";
            }
            case 1 -> {
                delete(folder.resolve("checkpoints"));
                return "the checkpoints were lost";
            }
            case 2 -> {
                delete(folder.resolve("keys"));
                delete(folder.resolve("bank"));
                return "the keys were lost";
            }
            case 3, 4 -> {
                for (Path file : weights) {
                    Files.write(file, new byte[1]);
                }
                return "all checkpoints were damaged";
            }
            default -> {
                return "no damage";
            }
        }
    }

    // digests of the run's files, and where its topics and those of images end
    private static Map<String, String> everything(MillraceConfig config) throws Exception {
        Ends.awaitTransactions(kafka);
        Map<String, String> all = digests(config.run().folder(), Path::toString);
        Map<TopicPartition, OffsetSpec> ends = admin.listTopics().names().get().stream()
                .filter(topic -> !topic.startsWith("__"))
                .collect(Collectors.toMap(topic -> new TopicPartition(topic, 0), topic -> OffsetSpec.latest()));
        admin.listOffsets(ends)
                .all()
                .get()
                .forEach((partition, end) -> all.put(partition.toString(), String.valueOf(end.offset())));
        return all;
    }

    private static Map<String, String> lastCheckpoint(MillraceConfig config) throws IOException {
        Path step = config.run().folder().resolve("checkpoints").resolve(String.format("step-%012d", LAST_STEP));
        Map<String, String> digests = digests(step, file -> String.valueOf(file.getFileName()));
        digests.keySet().removeIf(file -> file.startsWith("state."));
        return digests;
    }

    private static Map<String, String> digests(Path folder, Function<Path, String> name) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        for (Path file : files(folder)) {
            digests.put(name.apply(file), Sha256.of(Files.readAllBytes(file)));
        }
        return digests;
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> walk = Files.walk(folder)) {
                for (Path path : walk.sorted(Collections.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private static void forget(String run) throws Exception {
        delete(data.resolve("runs").resolve(run));
        admin.deleteTopics(admin.listTopics().names().get().stream()
                        .filter(topic -> topic.startsWith(run + "."))
                        .toList())
                .all()
                .get();
    }

    private void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }
}
