package org.millrace.contract.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;

final class ConfigLoaderTest {
    @TempDir
    Path folder;

    @Test
    void encoder_ofAnAmdimRunsConfiguration_isReadByItsGroupAlone() {
        EncoderConfig encoder = new ConfigLoader()
                .assignments(List.of("trainer.objective=amdim", "encoder.architecture=amdim", "encoder.amdim-depth=3"))
                .load()
                .encoder();
        Map<String, String> whole =
                Map.of("encoder.architecture", "amdim", "encoder.amdim-depth", "3", "later.key", "x");
        assertThat(ConfigLoader.encoder(whole)).isEqualTo(encoder);
        assertThatThrownBy(() -> ConfigLoader.encoder(Map.of("encoder.pach", "4", "encoder.height", "few")))
                .isInstanceOf(UserException.class)
                .hasMessageContainingAll("unknown key encoder.pach", "encoder.height must be");
    }

    @Test
    void load_nothingSaid_defaults() {
        MillraceConfig config = new ConfigLoader().load();
        assertThat(config.trainer().batchSize()).isEqualTo(128);
        assertThat(config.trainer().objective()).isEqualTo(TrainerConfig.Method.MOCO_V2);
        assertThat(config.encoder().mean()).containsExactly(0.4914f, 0.4822f, 0.4465f);
        assertThat(config.run().data()).isEqualTo(Path.of("millrace-data"));
        assertThat(config.kafka()).isEmpty();
    }

    @Test
    void keys_all_haveMeaningAndBelongToAGroup() {
        assertThat(ConfigLoader.keys()).hasSizeGreaterThan(50).allSatisfy(key -> {
            assertThat(key.name()).matches("[a-z]+(-[a-z]+)*\\.[a-z0-9]+(-[a-z0-9]+)*");
            assertThat(key.doc()).isNotBlank();
        });
        assertThat(ConfigLoader.keys().stream().map(ConfigKey::name)).doesNotHaveDuplicates();
    }

    @Test
    void effective_defaults_areTheKeysWithTheirDefaults() {
        Map<String, String> effective = ConfigLoader.effective(new ConfigLoader().load());
        assertThat(effective.keySet())
                .containsExactlyElementsOf(
                        ConfigLoader.keys().stream().map(ConfigKey::name).toList());
        assertThat(effective)
                .containsEntry("trainer.objective", "moco-v2")
                .containsEntry("moco.temperature", "0.1")
                .containsEntry("encoder.mean", "0.4914,0.4822,0.4465");
    }

    @Test
    void load_everyKindOfProblem_reportedTogetherUnknownKeysFirst() throws IOException {
        Path file = file("trainer.batch-size=lots\ntrainer.batchsize=3\n");
        String message = message(new ConfigLoader()
                .file(file)
                .environment(Map.of("MILLRACE_MOCO_TEMPRATURE", "1"))
                .assignments(List.of("no-equals-sign", "moco.momentum=1.5", "optimiser.schedule=linear", "sede=4")));
        List<String> lines = message.lines().map(String::trim).toList();
        assertThat(lines)
                .containsExactly(
                        "the configuration has 7 problems:",
                        "unknown key trainer.batchsize (" + file + "); did you mean trainer.batch-size?",
                        "unknown key moco.temprature (environment variable MILLRACE_MOCO_TEMPRATURE);"
                                + " did you mean moco.temperature?",
                        "unknown key sede (--set); did you mean run.seed?",
                        "--set wants key=value, but got 'no-equals-sign'",
                        "trainer.batch-size must be a whole number, but was 'lots'",
                        "moco.momentum must be in [0, 1), but was 1.5",
                        "optimiser.schedule must be one of constant, cosine, step, infinite, but was 'linear'",
                        "`millrace config` lists every key with its meaning.");
    }

    @Test
    void file_withASecretThatEveryUserCanRead_isWarnedOfOnce() throws IOException {
        Path file = file("http.token=a-token-of-this-test\nkafka.sasl.jaas.config=x password=y;\nrun.seed=1\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(new ConfigLoader().file(file).warnings())
                .containsExactly("every user of this machine can read " + file
                        + ", which holds a secret (http.token): close it with chmod 600 " + file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThat(new ConfigLoader().file(file).warnings()).isEmpty();
        Path open = file("run.seed=1\nkafka.ssl.truststore.location=/etc/trust\n");
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(new ConfigLoader().file(open).warnings()).isEmpty();
    }

    @Test
    void load_problemBetweenGroups_saysBothKeys() {
        assertThat(message(new ConfigLoader().assignments(List.of("moco.queue-size=100"))))
                .contains("has 1 problem:")
                .contains(
                        "moco.queue-size must be at least 128, the keys of a step (trainer.batch-size 128), but was 100");
        assertThat(message(new ConfigLoader().assignments(List.of("replay.policy=fifo", "replay.capacity=100"))))
                .contains("replay.capacity must be at least trainer.batch-size (128), but was 100");
    }

    @ParameterizedTest
    @CsvSource({
        "trainer.batch-size, 1.5, a whole number",
        "trainer.batch-size, 99999999999, a whole number of at most 2147483647",
        "moco.momentum, NaN, a finite number",
        "moco.temperature, Infinity, a finite number",
        "head.projector-batch-norm, yes, true or false",
        "trainer.objective, MOCO_V2, 'one of moco-v1, moco-v2, moco-v3, simclr, byol, amdim, memory-bank, end-to-end, distill'",
        "encoder.mean, '0.5,,0.5', numbers with commas between them",
    })
    void load_valueOfAnotherType_saysWhatWasWanted(String key, String value, String wanted) {
        assertThat(message(new ConfigLoader().assignments(List.of(key + "=" + value))))
                .contains(key + " must be " + wanted + ", but was '" + value + "'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "encoder.height=8",
                "encoder.channels=2",
                "encoder.mean=0.1,0.2",
                "encoder.standard-deviation=0",
                "run.device=tpu",
                "run.name=a b",
                "run.threads=-1",
                "images.rejected-topic=images",
                "augment.crop-scale-min=0",
                "augment.crop-ratio-max=0.5",
                "augment.translate-pixels=16",
                "augment.hue=0.6",
                "augment.second-blur-probability=-0.5",
                "augment.blur-taps=4",
                "augment.blur-taps=33",
                "augment.solarise-threshold=1.5",
                "replay.updates-per-batch=2",
                "replay.feature-rate=0",
                "optimiser.schedule=cosine",
                "evaluator.max-classes=1",
                "broker.port=65536",
                "http.port=-1",
                "http.host=a:b c",
                "http.token=short",
            })
    void load_valueOutOfRange_namesItsKey(String assignment) {
        String key = assignment.substring(0, assignment.indexOf('='));
        String words = switch (key) {
            case "optimiser.schedule" -> "optimiser.total-steps";
            case "augment.crop-ratio-max" -> "augment.crop-ratio-min and -max";
            default -> key;
        };
        assertThat(message(new ConfigLoader().assignments(List.of(assignment))))
                .contains("has 1 problem:")
                .contains(words);
    }

    @Test
    void load_severalSources_lastWordWins() throws IOException {
        Path file = file("run.seed=2\nmoco.momentum=0.5\ntrainer.batch-size=32\nhead.output=64\n");
        MillraceConfig config = new ConfigLoader()
                .defaults(Map.of("run.seed", "1", "moco.temperature", "0.5", "head.output", "32"))
                .file(file)
                .environment(Map.of("MILLRACE_MOCO_MOMENTUM", "0.6", "MILLRACE_TRAINER_BATCH___SIZE", "64"))
                .assignments(List.of("trainer.batch-size=16"))
                .load();
        assertThat(config.moco().temperature()).isEqualTo(0.5); // command's default
        assertThat(config.run().seed()).isEqualTo(2); // file over it
        assertThat(config.head().output()).isEqualTo(64);
        assertThat(config.moco().momentum()).isEqualTo(0.6); // environment over file
        assertThat(config.trainer().batchSize()).isEqualTo(16); // --set over all
    }

    @Test
    void environment_kafkasContainerRule_dotsUnderscoresHyphens() {
        MillraceConfig config = new ConfigLoader()
                .environment(Map.of(
                        "MILLRACE_TRAINER_BATCH___SIZE", "64",
                        "MILLRACE_KAFKA_CONSUMER_FETCH_MAX_BYTES", "1000",
                        "MILLRACE_KAFKA_ODD__KEY", "x",
                        "PATH", "/bin"))
                .load();
        assertThat(config.trainer().batchSize()).isEqualTo(64);
        assertThat(config.kafka())
                .containsOnly(Map.entry("consumer.fetch.max.bytes", "1000"), Map.entry("odd_key", "x"));
    }

    @Test
    void assignments_valueWithEqualsSign_keptWhole() {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of("kafka.sasl.jaas.config=Login required username=\"a\";"))
                .load();
        assertThat(config.kafka()).containsEntry("sasl.jaas.config", "Login required username=\"a\";");
    }

    @Test
    void file_missing_saysWhichAndWhy() {
        Path missing = folder.resolve("none.properties");
        assertThatThrownBy(() -> new ConfigLoader().file(missing))
                .isInstanceOf(UserException.class)
                .hasMessage("cannot read the configuration file " + missing + ": there is no such file");
    }

    @Test
    void file_malformedEscape_saysWhich() throws IOException {
        Path file = file("run.name=\\uZZZZ\n");
        assertThatThrownBy(() -> new ConfigLoader().file(file))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(file.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ssl.keystore.password",
                "ssl.key.password",
                "ssl.keystore.key",
                "consumer.sasl.jaas.config",
                "basic.auth.user.info",
                "schema.registry.basic-auth-user-info",
                "sasl.oauthbearer.assertion.private.file",
                "some.credential",
                "vendor.api-key",
                "vendor.ApiKey",
                "apikey",
                "pwd",
                "interceptor.auth",
                "sasl.login.pin",
                "sasl.login.pw",
                "vendor.bearer",
                "vendor.authorization",
                "access.token",
                "producer.sasl.oauthbearer.client.credentials.client.secret",
            })
    void effective_secret_masked(String key) {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of("kafka." + key + "=hush"))
                .load();
        assertThat(config.kafka()).containsEntry(key, "hush");
        assertThat(ConfigLoader.effective(config)).containsEntry("kafka." + key, "********");
    }

    @ParameterizedTest
    @CsvSource({
        "kafka.x.url, https://me:hush@host/path",
        "kafka.x.options, user=me;password=hush",
        "kafka.x.headers, Authorization: Basic aHVzaA==",
        "kafka.x.value, Bearer hush",
        "images.claim-check-allow, https://me:hush@host/",
    })
    void effective_secretInAValue_masked(String key, String value) {
        assertThat(Secrets.masked(key, value)).isEqualTo("********");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kafka.key.serializer=x",
                "kafka.ssl.keystore.location=/etc/keys",
                "kafka.ssl.truststore.type=PKCS12",
                "kafka.sasl.mechanism=PLAIN",
                "kafka.sasl.mechanism=OAUTHBEARER",
                "kafka.sasl.oauthbearer.scope.claim.name=scp",
                "kafka.sasl.jaas.config=${file:/etc/millrace/kafka.properties:jaas}",
                "moco.queue-size=64",
                "http.token=",
                "no assignment",
            })
    void exposedBy_noSecret_nothing(String assignment) {
        assertThat(Secrets.exposedBy(assignment)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "http.token, MILLRACE_HTTP_TOKEN",
        "kafka.sasl.jaas.config, MILLRACE_KAFKA_SASL_JAAS_CONFIG",
        "kafka.ssl.key.password, MILLRACE_KAFKA_SSL_KEY_PASSWORD",
        "kafka.vendor.api-key, MILLRACE_KAFKA_VENDOR_API___KEY",
    })
    void exposedBy_secret_namesTheVariableThatSetsIt(String key, String variable) {
        String problem = Secrets.exposedBy(key + "=hush-hush-hush-hush").orElseThrow();
        assertThat(problem).contains(variable + ",", "--config").doesNotContain("hush");
        MillraceConfig config = new ConfigLoader()
                .environment(Map.of(variable, "hush-hush-hush-hush"))
                .load();
        assertThat(ConfigLoader.effective(config)).containsEntry(key, "********");
    }

    @Test
    void tokenFile_ofTheOwnerOnly_isTheToken() throws IOException {
        Path file = file("  hush-hush-hush-hush\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of("http.host=0.0.0.0", "http.token-file=" + file))
                .load();
        assertThat(config.http().token()).isEqualTo("hush-hush-hush-hush");
        assertThat(ConfigLoader.effective(config))
                .containsEntry("http.token", "")
                .containsEntry("http.token-file", file.toString());
    }

    @Test
    void tokenFile_unusable_saysWhy() throws IOException {
        Path file = file("hush-hush-hush-hush");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThat(problemsOf("http.token-file=" + file))
                .contains("rw-r-----", "chmod 600")
                .doesNotContain("hush");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThat(problemsOf("http.token-file=" + file, "http.token=hush-hush-hush-hush"))
                .contains("both set");
        Files.writeString(file, "short");
        assertThat(problemsOf("http.token-file=" + file)).contains("16 to 256");
        Files.writeString(file, " ");
        assertThat(problemsOf("http.token-file=" + file)).contains("it is empty");
        assertThat(problemsOf("http.token-file=" + file + ".gone")).contains("there is no such file");
    }

    private static String problemsOf(String... assignments) {
        ConfigLoader loader = new ConfigLoader().assignments(List.of(assignments));
        return String.valueOf(
                org.assertj.core.api.Assertions.catchThrowable(loader::load).getMessage());
    }

    @Test
    void effective_tokenOfHttp_masked() {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of("http.token=hush-hush-hush-hush"))
                .load();
        assertThat(ConfigLoader.effective(config)).containsEntry("http.token", "********");
        assertThat(config.toString()).doesNotContain("hush");
        assertThat(ConfigLoader.effective(new ConfigLoader().load())).containsEntry("http.token", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.168.1.7", "millrace.example", "127.0.0.1.example"})
    void load_httpBeyondLoopbackWithoutToken_saysWhatIsMissing(String host) {
        assertThat(message(new ConfigLoader().assignments(List.of("http.host=" + host))))
                .contains("has 1 problem:", "http.token or http.tokens-file must be set", "http.host=" + host);
        assertThat(new ConfigLoader()
                        .assignments(List.of("http.host=" + host, "http.token=hush-hush-hush-hush"))
                        .load()
                        .http()
                        .isLoopback())
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bootstrap.servers", "ssl.keystore.location", "key.serializer", "client.id"})
    void effective_noSecret_shown(String key) {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of("kafka." + key + "=plain"))
                .load();
        assertThat(ConfigLoader.effective(config)).containsEntry("kafka." + key, "plain");
    }

    @Test
    void effective_writtenToAFile_loadsToTheSameConfiguration() throws IOException {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of(
                        "trainer.objective=byol",
                        "run.data=some folder/été",
                        "encoder.mean=0.5",
                        "optimiser.learning-rate=1e-3",
                        "replay.policy=reservoir",
                        "replay.updates-per-batch=3",
                        "broker.retention-millis=60000",
                        "kafka.consumer.fetch.max.bytes=77"))
                .load();
        Properties properties = new Properties();
        properties.putAll(ConfigLoader.effective(config));
        Path file = folder.resolve("effective.properties");
        try (var writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        assertThat(new ConfigLoader().file(file).load()).isEqualTo(config);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("millrace.properties"), text);
    }

    private static String message(ConfigLoader loader) {
        return String.valueOf(
                catchThrowableOfType(UserException.class, loader::load).getMessage());
    }
}
