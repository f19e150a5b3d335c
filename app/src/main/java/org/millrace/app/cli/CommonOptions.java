package org.millrace.app.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.millrace.app.log.Logs;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigKey;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.Preset;
import org.millrace.contract.config.Secrets;
import org.millrace.contract.config.SettingChanges;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.run.RunSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command: which broker, and which configuration. Mixed into a command; not thread safe. */
final class CommonOptions {
    private static final Path DEFAULT_FILE = Path.of("millrace.properties");
    private static final Logger LOG = LoggerFactory.getLogger(CommonOptions.class);
    /** Settings of a process and its machine rather than of the run, including which files it may read. */
    private static final List<String> PROCESS_KEYS = List.of(
            "run.name", "run.data", "run.device", "run.threads", "kafka.", "http.", "broker.", "images.claim-check");

    private static final String BOOTSTRAP_SERVERS = "kafka.bootstrap.servers";
    /** Environment variables of the launcher script and of the restart after a failed self-test; not part of the configuration. */
    private static final Set<String> LAUNCHER_VARIABLES =
            Set.of("MILLRACE_JAVA_OPTIONS", "MILLRACE_PROFILE", "MILLRACE_SELF_TEST_FAILURES");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--bootstrap-server",
            paramLabel = "HOST:PORT",
            description = "Work with this Kafka broker instead of an embedded one.")
    private @Nullable String bootstrapServer;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = "Start from a published recipe; `millrace config --list-presets` shows them.")
    private @Nullable String preset;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Properties file; by default millrace.properties in the working directory, if there is one.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Set one key of the configuration, overriding file and environment; may be repeated.")
    private List<String> assignments = new ArrayList<>();

    private @Nullable MillraceConfig loaded;

    /**
     * The configuration of this call: the command's defaults, the preset, the file, the environment and {@code --set}, each overriding
     * those before it. Throws {@link org.millrace.contract.UserException} that lists every problem.
     */
    MillraceConfig config(Map<String, String> commandDefaults) {
        return config(commandDefaults, List.of());
    }

    /** The same, with assignments of the command's own that override everything else. */
    MillraceConfig config(Map<String, String> commandDefaults, List<String> overrides) {
        assignments.stream()
                .filter(assignment -> assignment.indexOf('=') < 1)
                .findFirst()
                .ifPresent(assignment -> {
                    throw new ParameterException(
                            command.commandLine(), "--set must be KEY=VALUE, but was '" + assignment + "'");
                });
        assignments.stream()
                .flatMap(assignment -> Secrets.exposedBy(assignment).stream())
                .findFirst()
                .ifPresent(problem -> {
                    throw new ParameterException(command.commandLine(), problem);
                });
        ConfigLoader loader = new ConfigLoader().defaults(commandDefaults);
        preset().ifPresent(loader::preset);
        if (file != null) {
            loader.file(file);
        } else if (Files.exists(DEFAULT_FILE)) {
            loader.file(DEFAULT_FILE);
        }
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.keySet().removeAll(LAUNCHER_VARIABLES);
        loader.environment(environment).assignments(assignments);
        if (bootstrapServer != null) {
            loader.assignments(List.of(BOOTSTRAP_SERVERS + "=" + bootstrapServer));
        }
        MillraceConfig config = loader.assignments(overrides).load();
        if (loaded == null) { // a command may read its configuration again
            loader.warnings().forEach(LOG::warn);
        }
        loaded = config;
        if (command.root().userObject() instanceof MillraceCommand root) {
            root.configured(config, name());
        }
        return config;
    }

    /**
     * The configuration of a command about an existing run: the run's own settings, overridden by the user's, except those that a run keeps
     * from its first plan on, such as its topic of images. Unchanged where the run has not started.
     */
    MillraceConfig ofRun(MillraceConfig config, KafkaSettings kafka, RunOption run) {
        return ofRun(config, kafka, run, Set.of());
    }

    /** The same, but the user may also override the keys of {@code chosen}. */
    MillraceConfig ofRun(MillraceConfig config, KafkaSettings kafka, RunOption run, Set<String> chosen) {
        return ofRun(config, kafka, run.assignments(), chosen);
    }

    /** The same of a run that was named otherwise, by assignments to the configuration. */
    MillraceConfig ofRun(MillraceConfig config, KafkaSettings kafka, List<String> named) {
        return ofRun(config, kafka, named, Set.of());
    }

    private MillraceConfig ofRun(MillraceConfig config, KafkaSettings kafka, List<String> named, Set<String> chosen) {
        return RunSettings.ofStart(kafka, config.run().topics())
                .map(start -> over(config, start, named, chosen))
                .orElse(config);
    }

    /** The same, with the run's own configuration. */
    MillraceConfig over(MillraceConfig config, Map<String, String> ofRun, List<String> overrides) {
        return over(config, ofRun, overrides, Set.of());
    }

    private MillraceConfig over(
            MillraceConfig config, Map<String, String> ofRun, List<String> overrides, Set<String> chosen) {
        if (ofRun.isEmpty()) {
            return config;
        }
        Map<String, String> defaults = defaults(ofRun);
        List<String> last = new ArrayList<>();
        defaults.forEach((key, value) -> {
            if (SettingChanges.isStructural(key, ofRun) && !chosen.contains(key)) {
                last.add(key + "=" + value);
            }
        });
        try {
            MillraceConfig asked = config(defaults, overrides);
            last.addAll(overrides);
            MillraceConfig whole = config(defaults, last);
            SettingChanges.between(ofRun, ConfigLoader.effective(asked)).structural().stream()
                    .filter(change -> !chosen.contains(change.key()))
                    .forEach(change -> LOG.warn(
                            "run {} keeps {}={}, with which it was started; {} is ignored",
                            whole.run().name(),
                            change.key(),
                            change.then(),
                            change.now()));
            return whole;
        } catch (UserException e) { // written by another release
            LOG.warn(
                    "the settings with which run {} was started cannot be used here; using those of this command: {}",
                    config.run().name(),
                    e.getMessage());
            return config;
        }
    }

    /** The part of a run's configuration that another process adopts unless its user overrides it. */
    static Map<String, String> defaults(Map<String, String> ofRun) {
        Map<String, String> defaults = new HashMap<>(ofRun);
        defaults.keySet()
                .retainAll(ConfigLoader.keys().stream().map(ConfigKey::name).toList());
        defaults.keySet().removeIf(key -> PROCESS_KEYS.stream().anyMatch(key::startsWith));
        return defaults;
    }

    /** The recipe that the user started from. */
    Optional<Preset> preset() {
        return Optional.ofNullable(preset).map(Preset::named);
    }

    /** Reaches the configured broker, or starts an embedded one in the data folder. The caller closes the connection. */
    Connection connect(MillraceConfig config) {
        return Connection.open(config, command.qualifiedName());
    }

    /**
     * The same for a command that only looks: it starts an embedded broker only where the data folder has one, since a new one has no run.
     *
     * @throws UserException where no broker is known
     */
    Connection connectToExisting(MillraceConfig config) {
        if (!Connection.isKnown(config)) {
            throw new UserException(
                    "there is no run: no broker is named, and the data folder "
                            + config.run().data()
                            + " has none.\nName the broker with --bootstrap-server HOST:PORT, or the folder with --set run.data=FOLDER.");
        }
        return connect(config);
    }

    /** The log file of this command. */
    Path logFile(MillraceConfig config) {
        return Logs.fileOf(config, name());
    }

    /** The command without the program's name. */
    private String name() {
        return command.qualifiedName().replaceFirst("^\\S+ ", "");
    }

    /** The data folder, once the configuration has been read. */
    Optional<Path> dataFolder() {
        return Optional.ofNullable(loaded).map(config -> config.run().data());
    }
}
