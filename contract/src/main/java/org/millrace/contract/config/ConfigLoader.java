package org.millrace.contract.config;

import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import org.millrace.contract.OutsideText;
import org.millrace.contract.UserException;

/**
 * Layers the sources of the configuration: preset, then properties file, then environment, then {@code --set}; the last word wins.
 *
 * <p>A variable follows Kafka's container rule: {@code MILLRACE_TRAINER_BATCH___SIZE} is {@code trainer.batch-size} ({@code _} is a
 * dot, {@code __} an underscore, {@code ___} a hyphen). All problems are reported together in one {@link UserException}, unknown keys
 * first, each with the nearest known key.
 */
public final class ConfigLoader {
    private static final String VARIABLE_PREFIX = "MILLRACE_";
    private static final String KAFKA_PREFIX = "kafka.";
    private static final String ENCODER_PREFIX = "encoder.";
    private static final String TOKEN_FILE = "http.token-file";

    private final Map<String, String> values = new TreeMap<>();
    private final List<String> unknownKeys = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    /** Every key but {@code kafka.*}, in the order of the groups. */
    public static List<ConfigKey> keys() {
        List<ConfigKey> keys = new ArrayList<>();
        for (RecordComponent group : MillraceConfig.class.getRecordComponents()) {
            if (group.getType().isRecord()) {
                keys.addAll(RecordBinder.keys(RecordBinder.kebab(group.getName()), group.getType()));
            }
        }
        return keys;
    }

    /** Adds the defaults of one command, under everything that the user says. */
    public ConfigLoader defaults(Map<String, String> defaults) {
        values.putAll(defaults);
        return this;
    }

    /** Adds a published recipe, under everything that the user says. */
    public ConfigLoader preset(Preset preset) {
        preset.values().forEach((key, value) -> put(key, value, "preset " + preset.name()));
        return this;
    }

    public ConfigLoader file(Path path) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new UserException("cannot read the configuration file " + path + ": " + reason(e), e);
        }
        for (String key : properties.stringPropertyNames()) {
            put(key, properties.getProperty(key), path.toString());
        }
        properties.stringPropertyNames().stream()
                .filter(key -> Secrets.isSecret(key, properties.getProperty(key)))
                .min(Comparator.naturalOrder())
                .filter(key -> isReadableByAll(path))
                .ifPresent(key -> warnings.add("every user of this machine can read " + path
                        + ", which holds a secret (" + key + "): close it with chmod 600 " + path));
        return this;
    }

    /** What the user should know about the sources, though they can be used. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    private static boolean isReadableByAll(Path path) {
        try {
            return path.getFileSystem().supportedFileAttributeViews().contains("posix")
                    && Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_READ);
        } catch (IOException e) {
            return false; // it was read a moment ago: nothing to say about what is gone
        }
    }

    public ConfigLoader environment(Map<String, String> environment) {
        environment.forEach((variable, value) -> {
            if (variable.startsWith(VARIABLE_PREFIX)) {
                put(keyOf(variable.substring(VARIABLE_PREFIX.length())), value, "environment variable " + variable);
            }
        });
        return this;
    }

    /** Adds assignments of the form {@code key=value}. */
    public ConfigLoader assignments(List<String> assignments) {
        for (String assignment : assignments) {
            int equals = assignment.indexOf('=');
            if (equals < 1) {
                problems.add("--set wants key=value, but got '" + assignment + "'");
            } else {
                put(assignment.substring(0, equals).trim(), assignment.substring(equals + 1), "--set");
            }
        }
        return this;
    }

    public MillraceConfig load() {
        readTokenFile();
        Optional<MillraceConfig> config = bind();
        config.ifPresent(whole -> problems.addAll(Compatibility.problems(whole)));
        refuseProblems();
        return config.orElseThrow();
    }

    /**
     * The encoder of a run's whole configuration, such as a checkpoint's, by its own group alone: what must fit together in a run does not
     * matter for its encoder. Throws {@link UserException} for an unknown key and a bad value of that group.
     */
    public static EncoderConfig encoder(Map<String, String> configuration) {
        ConfigLoader loader = new ConfigLoader();
        configuration.forEach((key, value) -> {
            if (key.startsWith(ENCODER_PREFIX)) {
                loader.put(key, value, "the run's configuration");
            }
        });
        Optional<EncoderConfig> encoder =
                new RecordBinder(loader.values, loader.problems).bind("encoder", EncoderConfig.class);
        loader.refuseProblems();
        return encoder.orElseThrow();
    }

    private void refuseProblems() {
        List<String> all = new ArrayList<>(unknownKeys);
        all.addAll(problems);
        if (!all.isEmpty()) {
            throw new UserException("the configuration has " + all.size()
                    + (all.size() == 1 ? " problem:\n  " : " problems:\n  ") + String.join("\n  ", all)
                    + "\n`millrace config` lists every key with its meaning.");
        }
    }

    // empty where a group has a problem
    private Optional<MillraceConfig> bind() {
        RecordBinder binder = new RecordBinder(values, problems);
        List<Object> components = new ArrayList<>();
        for (RecordComponent component : MillraceConfig.class.getRecordComponents()) {
            if (component.getType().isRecord()) {
                binder.bind(
                                RecordBinder.kebab(component.getName()),
                                component.getType().asSubclass(Record.class))
                        .ifPresent(components::add);
            } else {
                components.add(kafka());
            }
        }
        if (!problems.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(RecordBinder.make(MillraceConfig.class, components.toArray()));
        } catch (InvocationTargetException e) {
            throw new LinkageError("cannot make the configuration", e);
        }
    }

    /** The effective value of every key, defaults and {@code kafka.*} included, secrets masked. */
    public static Map<String, String> effective(MillraceConfig config) {
        Map<String, String> effective = new LinkedHashMap<>();
        for (RecordComponent group : MillraceConfig.class.getRecordComponents()) {
            if (group.getType().isRecord()) {
                Object record = get(group, config);
                for (RecordComponent component : group.getType().getRecordComponents()) {
                    String key = RecordBinder.kebab(group.getName()) + "." + RecordBinder.kebab(component.getName());
                    effective.put(key, Secrets.masked(key, RecordBinder.text(get(component, record))));
                }
            }
        }
        new TreeMap<>(config.kafka())
                .forEach((key, value) -> effective.put(KAFKA_PREFIX + key, Secrets.masked(KAFKA_PREFIX + key, value)));
        if (!config.http().tokenFile().isEmpty()) {
            effective.put(Secrets.HTTP_TOKEN, ""); // the file says it
        }
        return effective;
    }

    private void readTokenFile() {
        String file = values.getOrDefault(TOKEN_FILE, "").trim();
        if (file.isEmpty()) {
            return;
        }
        if (!values.getOrDefault(Secrets.HTTP_TOKEN, "").isEmpty()) {
            problems.add("http.token and http.token-file are both set; leave one of them out");
            return;
        }
        try {
            values.put(Secrets.HTTP_TOKEN, TokenFile.read(file));
        } catch (UserException e) {
            problems.add(e.getMessage());
        }
    }

    private void put(String key, String value, String from) {
        if (!key.startsWith(KAFKA_PREFIX)
                && keys().stream().noneMatch(known -> known.name().equals(key))) {
            unknownKeys.add("unknown key " + OutsideText.visible(key) + " (" + from + ")"
                    + Nearest.question(key, keys().stream().map(ConfigKey::name).toList()));
            return;
        }
        values.put(key, value);
    }

    private Map<String, String> kafka() {
        Map<String, String> kafka = new TreeMap<>();
        values.forEach((key, value) -> {
            if (key.startsWith(KAFKA_PREFIX)) {
                kafka.put(key.substring(KAFKA_PREFIX.length()), value);
            }
        });
        return kafka;
    }

    private static String keyOf(String variable) {
        return variable.toLowerCase(Locale.ROOT)
                .replace("___", "-")
                .replace("__", "\u0000")
                .replace('_', '.')
                .replace('\u0000', '_');
    }

    /** The environment variable that sets a key. */
    static String variableOf(String key) {
        return VARIABLE_PREFIX
                + key.replace("_", "__").replace("-", "___").replace('.', '_').toUpperCase(Locale.ROOT);
    }

    private static String reason(Exception e) {
        return e instanceof java.nio.file.NoSuchFileException
                ? "there is no such file"
                : String.valueOf(e.getMessage());
    }

    private static Object get(RecordComponent component, Object record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("cannot read " + component, e);
        }
    }
}
