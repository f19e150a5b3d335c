package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigKey;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.Preset;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class MillraceCommandLineTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    static List<String> commands() {
        return MillraceCommandLine.create().getSubcommands().keySet().stream().toList();
    }

    /** The commands without subcommands, words joined by a space. */
    static List<String> workers() {
        return MillraceCommandLine.create().getSubcommands().entrySet().stream()
                .filter(command -> !command.getKey().equals("completion")) // reads no configuration
                .flatMap(command -> command.getValue().getSubcommands().isEmpty()
                        ? Stream.of(command.getKey())
                        : command.getValue().getSubcommands().keySet().stream()
                                .map(inner -> command.getKey() + " " + inner))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("workers")
    void help_ofEveryCommand_isGoodAndNamesCommonOptions(String command) {
        assertThat(run((command + " --help").split(" "))).isZero();
        assertThat(out.toString())
                .contains("Usage: millrace " + command, "--bootstrap-server", "--preset", "--config", "--set");
    }

    @Test
    void help_ofRoot_listsEveryCommand() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains(commands());
    }

    @Test
    void help_summaryOfEveryCommand_isOneWholeShortSentence() {
        everyCommand(MillraceCommandLine.create()).forEach(command -> {
            String summary = command.getCommandSpec().usageMessage().description()[0];
            assertThat(summary)
                    .as(command.getCommandName())
                    .hasSizeLessThanOrEqualTo(72)
                    .endsWith(".");
            assertThat(summary.indexOf(". ")).as(summary).isNegative();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"--minutes=0.1", "--minutes=NaN", "--until-step=0", "--until-step=-3 --minutes=1"})
    void demo_lengthOutOfRange_isUsage(String options) {
        assertThat(run(("demo " + options).split(" "))).isEqualTo(2);
        assertThat(error.toString())
                .containsPattern("^millrace: --(minutes must be in|until-step must be positive).* was ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train --until-step=-1",
                "replay --until-step=0",
                "config --set foo",
                "config --set =3",
                "up --set trainer.batch-size"
            })
    void optionOutOfRange_isUsageAndNamesValue(String line) {
        assertThat(run(line.split(" "))).isEqualTo(2);
        assertThat(error.toString())
                .containsPattern("^millrace: --(until-step must be at least [01]|set must be KEY=VALUE), but was ");
    }

    private static Stream<CommandLine> everyCommand(CommandLine command) {
        return Stream.concat(
                Stream.of(command),
                command.getSubcommands().values().stream().flatMap(MillraceCommandLineTest::everyCommand));
    }

    @Test
    void version_namesCommitAndNatives() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString())
                .containsPattern("millrace [0-9].*, commit \\S")
                .containsPattern("PyTorch [0-9.]+ \\(pytorch-native-\\S+, DJL [0-9.]+\\), RocksDB [0-9.]+")
                .doesNotContain("${", "null");
    }

    @Test
    void completion_knowsCommandsAndTheirCommands() {
        assertThat(run("completion")).isZero();
        assertThat(out.toString()).contains("complete -F _complete_millrace", "compare", "--bootstrap-server");
    }

    @Test
    void unknownCommand_isWrongUsageWithHint() {
        assertThat(run("confg")).isEqualTo(2);
        assertThat(error.toString()).contains("millrace: ", "'confg'", "Did you mean config", "`millrace --help`");
    }

    @Test
    void noCommand_isWrongUsage() {
        assertThat(run()).isEqualTo(2);
        assertThat(error.toString()).contains("a command is missing", "`millrace --help`");
    }

    @Test
    void unknownOption_isWrongUsageThatNamesTheCommand() {
        assertThat(run("config", "--markdwn")).isEqualTo(2);
        assertThat(error.toString()).contains("'--markdwn'", "`millrace config --help`");
    }

    @ParameterizedTest
    @MethodSource("workers")
    void options_beforeTheCommand_areThoseOfTheCommand(String command) {
        CommandLine root = MillraceCommandLine.create();
        List<String> words = List.of(command.split(" "));
        List<String> options = List.of("--config", "up", "--set", "a=b", "--run=x", "--bootstrap-server", "h:1");
        for (int before = 0; before <= words.size(); before++) {
            List<String> given = new ArrayList<>(words);
            given.addAll(before, options);
            given.addAll(List.of("--", "--config", "y"));
            List<String> wanted = new ArrayList<>(words);
            wanted.addAll(options);
            wanted.addAll(List.of("--", "--config", "y"));
            assertThat(OptionOrder.commandFirst(root, given.toArray(String[]::new)))
                    .containsExactlyElementsOf(wanted);
        }
    }

    @Test
    void options_ofEqualName_takeAsManyValuesInEveryCommand() {
        Map<String, Integer> values = new HashMap<>();
        everyCommand(MillraceCommandLine.create())
                .flatMap(command -> command.getCommandSpec().options().stream())
                .forEach(option -> {
                    for (String name : option.names()) {
                        int min = option.arity().min();
                        assertThat(values.merge(name, min, (one, other) -> one.equals(other) ? one : -1))
                                .as(name)
                                .isEqualTo(min);
                    }
                });
    }

    @Test
    void options_beforeTheCommand_haveTheirEffect() {
        assertThat(run("--set", "trainer.batch-size=32", "config")).isZero();
        assertThat(out.toString()).containsPattern("trainer.batch-size *= *32");
        assertThat(run("--config", "nowhere.properties", "config")).isEqualTo(1);
        assertThat(error.toString()).contains("nowhere.properties: there is no such file");
    }

    @Test
    void options_withoutACommand_itIsTheCommandThatIsMissing() {
        assertThat(run("--config", "nowhere.properties")).isEqualTo(2);
        assertThat(error.toString()).contains("a command is missing");
        assertThat(run("--run=x", "upp")).isEqualTo(2);
        assertThat(error.toString()).contains("'upp'", "Did you mean up");
        assertThat(run("--run=x", "encoders")).isEqualTo(2);
        assertThat(error.toString()).contains("encoders needs one of list, revoke, reinstate");
        assertThat(run("--note=x", "drift")).isEqualTo(2);
        assertThat(error.toString()).contains("Unknown option: '--note=x'", "`millrace drift --help`");
        assertThat(run("--run=x", "encoders", "--help")).isZero();
        assertThat(out.toString()).contains("Usage: millrace encoders");
    }

    @Test
    void unknownKey_failsWithNearestKey() {
        assertThat(run("config", "--set", "trainer.batchsize=64")).isEqualTo(1);
        assertThat(error.toString())
                .contains("unknown key trainer.batchsize (--set); did you mean trainer.batch-size?")
                .doesNotContain("\tat ");
    }

    @Test
    void missingConfigFile_failsWithItsName() {
        assertThat(run("config", "--config", "nowhere.properties")).isEqualTo(1);
        assertThat(error.toString()).contains("nowhere.properties: there is no such file");
    }

    @Test
    void config_printsPropertiesThatMeanTheSame() throws Exception {
        assertThat(run("config", "--set", "trainer.batch-size=64")).isZero();
        Properties printed = new Properties();
        printed.load(new StringReader(out.toString()));
        assertThat(printed.stringPropertyNames())
                .containsExactlyInAnyOrderElementsOf(
                        ConfigLoader.keys().stream().map(ConfigKey::name).toList());
        assertThat(printed).containsEntry("trainer.batch-size", "64");

        Path file = Files.writeString(folder.resolve("printed.properties"), out.toString());
        String before = out.toString();
        out.getBuffer().setLength(0);
        assertThat(run("config", "--config", file.toString())).isZero();
        assertThat(out.toString()).isEqualTo(before);
    }

    static List<String> presets() {
        return Preset.names();
    }

    @ParameterizedTest
    @MethodSource("presets")
    void configPreset_printsHeaderAndValuesUnderTheUsers(String name) throws Exception {
        Preset preset = Preset.named(name);
        assertThat(run("config", "--preset", name, "--set", "run.seed=77")).isZero();
        assertThat(out.toString()).startsWith("# preset " + name + ":\n# " + preset.title() + "\n");
        preset.header().forEach(line -> assertThat(out.toString()).contains(line));
        Properties printed = new Properties();
        printed.load(new StringReader(out.toString()));
        assertThat(printed)
                .containsEntry("trainer.objective", preset.values().get("trainer.objective"))
                .containsEntry("trainer.batch-size", preset.values().get("trainer.batch-size"))
                .containsEntry("run.seed", "77");
    }

    @Test
    void configListPresets_oneLineForEach() {
        assertThat(run("config", "--list-presets")).isZero();
        List<String> lines = out.toString().lines().toList();
        assertThat(lines).hasSameSizeAs(Preset.names());
        for (int i = 0; i < lines.size(); i++) {
            String name = Preset.names().get(i);
            assertThat(lines.get(i))
                    .startsWith(name + " ")
                    .endsWith("  " + Preset.named(name).title());
        }
    }

    @ParameterizedTest
    @MethodSource("workers")
    void unknownPreset_ofEveryCommand_failsWithNearestAndAll(String command) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
        arguments.addAll(List.of("--preset", "byol-cifra"));
        switch (command) { // further required arguments
            case "push", "watch" -> arguments.add(folder.toString());
            case "embed" -> arguments.addAll(List.of(folder.toString(), "--out", folder + "/x.npy"));
            case "export" -> arguments.addAll(List.of("--format", "onnx", "--out", folder + "/model.onnx"));
            case "branch" -> arguments.addAll(List.of("released", "--cool-steps", "5"));
            case "encoders revoke", "encoders reinstate" -> arguments.add("400");
            case "import" -> arguments.addAll(List.of(folder + "/a.safetensors", "--out", folder + "/b.safetensors"));
            case "runs compare" -> arguments.addAll(List.of("a", "b"));
            case "runs delete" -> arguments.addAll(List.of("a", "--yes"));
            case "runs export" -> arguments.addAll(List.of("a", "--out", folder + "/a.zip"));
            case "runs import" -> arguments.add(folder + "/a.zip");
            default -> {}
        }
        assertThat(run(arguments.toArray(String[]::new))).isEqualTo(1);
        assertThat(error.toString())
                .contains("there is no preset 'byol-cifra'; did you mean byol-cifar?", "Presets: ")
                .contains(Preset.names())
                .doesNotContain("\tat ");
    }

    @Test
    void config_masksSecrets() throws Exception {
        Path file = Files.writeString(
                folder.resolve("kafka.properties"),
                "kafka.ssl.truststore.password=hunter2\nkafka.sasl.jaas.config=PlainLoginModule required password=hunter2;\n");
        assertThat(run("config", "--bootstrap-server", "kafka:9092", "--config", file.toString()))
                .isZero();
        assertThat(out.toString())
                .doesNotContain("hunter2")
                .contains("kafka.ssl.truststore.password=********", "kafka.bootstrap.servers=kafka:9092");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http.token", "kafka.sasl.jaas.config", "kafka.producer.ssl.keystore.password"})
    void set_secret_isRefusedAndNotRepeated(String key) {
        assertThat(run("config", "--set", key + "=hunter2-hunter2-hunter2")).isEqualTo(2);
        assertThat(error.toString())
                .contains("--set " + key + "=… would stand in the list of processes", "MILLRACE_")
                .doesNotContain("hunter2");
    }

    @Test
    void configMarkdown_hasOneRowForEachKeyAndIsInTheDocs() throws Exception {
        assertThat(run("config", "--markdown")).isZero();
        assertThat(Files.readString(Path.of("../docs/configuration.md"))).endsWith(out.toString());
        assertThat(out.toString().lines())
                .hasSize(ConfigLoader.keys().size() + 3)
                .allMatch(line -> line.startsWith("| ") && line.endsWith(" |"));
    }

    /** Regenerate with {@code ./millrace config --preset NAME --markdown > docs/presets/NAME.md}. */
    @ParameterizedTest
    @MethodSource("presets")
    void configMarkdown_ofAPreset_isItsPageInTheDocs(String name) throws Exception {
        assertThat(run("config", "--preset", name, "--markdown")).isZero();
        assertThat(out.toString())
                .contains("**Source**", "**Figure**", "**Not measured here**")
                .isEqualTo(Files.readString(Path.of("../docs/presets", name + ".md")));
    }

    @Test
    void brokerThatRefuses_failsWithoutStackTrace() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        assertThat(runConnecting("--bootstrap-server", "127.0.0.1:" + port)).isEqualTo(1);
        assertThat(error.toString())
                .contains("millrace: the broker at 127.0.0.1:" + port + " does not answer: Connection refused")
                .doesNotContain("\tat ");
    }

    @Test
    void bootstrapServerWithoutPort_failsWithWantedForm() {
        assertThat(runConnecting("--bootstrap-server", "localhost")).isEqualTo(1);
        assertThat(error.toString())
                .contains("--bootstrap-server wants HOST:PORT")
                .doesNotContain("\tat ");
    }

    @Test
    void securityWithoutBroker_failsWithReason() {
        assertThat(runConnecting("--set", "kafka.security.protocol=SASL_SSL")).isEqualTo(1);
        assertThat(error.toString()).contains("kafka.security.protocol is SASL_SSL, but no broker is named");
    }

    @Test
    void unexpectedFailure_isOneLineAndACrashFileInTheDataFolder() throws Exception {
        CommandLine root = MillraceCommandLine.create().addSubcommand(new Failing());
        assertThat(run(root, "failing", "--set", "run.data=" + folder)).isEqualTo(1);
        assertThat(error.toString())
                .contains("millrace: unexpected failure: java.lang.IllegalStateException: broken in two lines")
                .doesNotContain("\tat ");
        try (var files = Files.list(folder)) {
            Path crash = files.findFirst().orElseThrow();
            assertThat(error.toString()).contains(crash.toString());
            assertThat(crash).content().contains("IllegalStateException", "\tat ");
        }
    }

    @Test
    void settingThatKafkasClientDoesNotTake_isNamedByIt() {
        CommandLine root = MillraceCommandLine.create();
        root.setErr(new PrintWriter(error));
        var refused = new KafkaException(
                "Failed to construct kafka producer", new ConfigException("x.ms", "abc", "no number"));
        assertThat(Failures.report(refused, root)).isEqualTo(1);
        assertThat(error.toString())
                .contains(
                        "Kafka's client does not take the kafka.* settings: Invalid value abc for configuration x.ms: no number")
                .doesNotContain("unexpected");
    }

    @Test
    void userExceptionAsCause_isToldByItsMessage() {
        CommandLine root = MillraceCommandLine.create();
        root.setErr(new PrintWriter(error));
        assertThat(Failures.report(new RuntimeException(new UserException("the folder is empty")), root))
                .isEqualTo(1);
        assertThat(error.toString()).isEqualTo("millrace: the folder is empty" + System.lineSeparator());
        error.getBuffer().setLength(0);
        assertThat(Failures.report(
                        new RuntimeException(new org.apache.kafka.common.errors.TimeoutException(
                                "Timed out waiting for a node assignment. Call: listNodes")),
                        root))
                .isEqualTo(1);
        assertThat(error.toString())
                .startsWith("millrace: the broker does not answer: the time limit for it has passed")
                .doesNotContain("Call", "stack trace");
    }

    private int run(String... arguments) {
        return MillraceCommandLine.run(new PrintWriter(out), new PrintWriter(error), arguments);
    }

    private int runConnecting(String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "connecting";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return run(MillraceCommandLine.create().addSubcommand(new Connecting()), all);
    }

    private int run(CommandLine root, String... arguments) {
        return root.setOut(new PrintWriter(out)).setErr(new PrintWriter(error)).execute(arguments);
    }

    @Command(name = "connecting")
    private static final class Connecting implements Runnable {
        @Mixin
        private CommonOptions options;

        @Override
        public void run() {
            options.connect(options.config(java.util.Map.of())).close();
        }
    }

    @Command(name = "failing")
    private static final class Failing implements Runnable {
        @Mixin
        private CommonOptions options;

        @Override
        public void run() {
            options.config(java.util.Map.of());
            throw new IllegalStateException("broken\nin two lines");
        }
    }
}
