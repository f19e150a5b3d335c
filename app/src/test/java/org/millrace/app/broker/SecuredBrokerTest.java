package org.millrace.app.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.apache.kafka.metadata.storage.Formatter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.run.Commands;
import org.millrace.app.run.LoggedRecords;
import org.millrace.contract.kafka.KafkaSettings;

/**
 * A broker with TLS, SCRAM-SHA-512 and ACLs: each role works with the rights that docs/security.md lists and no others, and a wrong
 * password, a certificate that does not fit or a missing right is named, with nothing lost.
 */
class SecuredBrokerTest {
    private static final String STORE_PASSWORD = "of-the-stores";
    private static final String USER_PASSWORD = "of-every-user";
    private static final List<String> USERS = List.of("admin", "camera", "trainer", "rival", "evaluator", "stranger");

    @TempDir
    private static Path data;

    private static Ports ports;
    private static KafkaRaftServer server;
    private static Commands commands;

    @BeforeAll
    static void startBroker() throws Exception {
        makeStores();
        ports = Ports.find(0);
        Path folder = data.resolve("broker");
        Files.createDirectories(folder);
        try (PrintStream silent = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(silent)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setNodeId(BrokerProperties.NODE)
                    .setControllerListenerName(BrokerProperties.CONTROLLER_LISTENER)
                    .addDirectory(folder.toString())
                    .setMetadataLogDirectory(folder.toString())
                    .setScramArguments(USERS.stream()
                            .map(user -> "SCRAM-SHA-512=[name=" + user + ",password=" + USER_PASSWORD + "]")
                            .toList())
                    .run();
        }
        server = new KafkaRaftServer(new KafkaConfig(properties(folder), false), Time.SYSTEM);
        server.startup();
        commands = new Commands(ports::broker, data);
        try (Admin admin = Admin.create(kafka("admin", USER_PASSWORD).admin())) {
            admin.createTopics(Stream.of(
                                    "images",
                                    "probe",
                                    "images.rejected",
                                    "main.steps",
                                    "main.encoders",
                                    "main.spaces",
                                    "main.evaluations")
                            .map(topic -> new NewTopic(topic, 1, (short) 1))
                            .toList())
                    .all()
                    .get();
            admin.createAcls(rights()).all().get();
        }
    }

    @AfterAll
    static void stopBroker() {
        server.shutdown();
        server.awaitShutdown();
    }

    @Test
    void roles_withTheRightsOfTheTable_work() throws Exception {
        commands.good("push", Commands.SAMPLE, Commands.batches(4), as("camera"));
        commands.good("push", Commands.SAMPLE, "--skip=100", "--limit=200", "--to=probe", as("camera"));
        commands.good("train", "--until-step=2", as("trainer"));
        assertThat(commands.good("evaluate", as("evaluator"))).contains("encoder 2 of run main is current");

        int images = LoggedRecords.of(kafka("admin", USER_PASSWORD), "images").size();
        assertThat(commands.bad("push", Commands.SAMPLE, Commands.batches(1), as("trainer")))
                .as("the trainer only reads images, and knows no probe")
                .containsPattern(
                        "no right to the topic (images|probe|images\\.rejected)|Not authorized to access topics: ");
        assertThat(commands.bad("train", "--until-step=3", as("camera"))).containsPattern("main\\.steps|no run main");
        assertThat(commands.bad("train", "--until-step=3", "--set=run.data=" + data.resolve("b"), as("rival")))
                .as("all of the trainer's rights but that to its transactions")
                .containsIgnoringCase("transactional id")
                .contains("millrace-main");
        assertThat(LoggedRecords.of(kafka("admin", USER_PASSWORD), "images")).hasSize(images);

        commands.good("train", "--until-step=3", as("trainer")); // nothing of it was lost
        commands.good("audit", as("trainer"));
    }

    @Test
    void connection_refused_isNamedAndNothingIsSent() throws Exception {
        assertThat(commands.bad("push", Commands.SAMPLE, "--limit=1", "--config=" + file("camera", "wrong", "")))
                .contains(
                        "the broker at " + ports.broker() + " refuses the connection: ",
                        "Authentication failed",
                        "SCRAM-SHA-512");
        assertThat(commands.bad("push", Commands.SAMPLE, "--limit=1", "--config=" + file("nobody", USER_PASSWORD, "")))
                .contains("refuses the connection: ", "Authentication failed");
        assertThat(commands.bad(
                        "push", Commands.SAMPLE, "--limit=1", "--config=" + file("camera", USER_PASSWORD, "none")))
                .contains(
                        "refuses the connection: ",
                        "SSL handshake failed: ",
                        "unable to find valid certification path");
        Commands byName = new Commands(() -> ports.broker().replace("127.0.0.1", "localhost"), data);
        assertThat(byName.bad("push", Commands.SAMPLE, "--limit=1", as("camera")))
                .as("the certificate is for the address, not for the name")
                .contains("SSL handshake failed: ", "localhost");
        assertThat(commands.bad("push", Commands.SAMPLE, "--limit=1", as("stranger")))
                .contains("refuses: no right to the topic images");
    }

    /** The table of docs/security.md. */
    private static List<AclBinding> rights() {
        List<AclBinding> rights = new ArrayList<>();
        for (String topic : List.of("images", "probe", "images.rejected")) {
            rights.add(allow("camera", ResourceType.TOPIC, topic, AclOperation.WRITE));
        }
        for (String user : List.of("trainer", "rival")) {
            for (String topic : List.of("images", "images.rejected", "main.steps")) {
                rights.add(allow(user, ResourceType.TOPIC, topic, AclOperation.READ));
            }
            for (String topic : List.of("images.rejected", "main.steps", "main.encoders")) {
                rights.add(allow(user, ResourceType.TOPIC, topic, AclOperation.WRITE));
            }
            rights.add(allow(user, ResourceType.TOPIC, "main.evaluations", AclOperation.DESCRIBE));
            rights.add(allow(user, ResourceType.TOPIC, "main.spaces", AclOperation.DESCRIBE));
        }
        rights.add(allow("trainer", ResourceType.TRANSACTIONAL_ID, "millrace-main", AclOperation.WRITE));
        for (String topic : List.of("probe", "main.steps", "main.encoders", "main.spaces", "main.evaluations")) {
            rights.add(allow("evaluator", ResourceType.TOPIC, topic, AclOperation.READ));
        }
        rights.add(allow("evaluator", ResourceType.TOPIC, "main.evaluations", AclOperation.WRITE));
        rights.add(allow("evaluator", ResourceType.TOPIC, "main.spaces", AclOperation.WRITE));
        return rights;
    }

    private static AclBinding allow(String user, ResourceType type, String name, AclOperation operation) {
        return new AclBinding(
                new ResourcePattern(type, name, PatternType.LITERAL),
                new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
    }

    private static String[] as(String user) throws Exception {
        return new String[] {"--config=" + file(user, USER_PASSWORD, "")};
    }

    /** @param truststore "none" leaves it out */
    private static Path file(String user, String password, String truststore) throws Exception {
        StringBuilder text = new StringBuilder();
        settings(user, password).forEach((key, value) -> {
            if (truststore.isEmpty() || !key.contains("truststore")) {
                text.append("kafka.").append(key).append('=').append(value).append('\n');
            }
        });
        Path file = data.resolve("as-" + user + "-" + password + truststore + ".properties");
        Files.writeString(file, text);
        assertThat(file.toFile().setReadable(false, false)).isTrue();
        assertThat(file.toFile().setReadable(true, true)).isTrue();
        return file;
    }

    private static KafkaSettings kafka(String user, String password) {
        return new KafkaSettings(ports.broker(), settings(user, password));
    }

    private static Map<String, String> settings(String user, String password) {
        return Map.of(
                "security.protocol",
                "SASL_SSL",
                "sasl.mechanism",
                "SCRAM-SHA-512",
                "sasl.jaas.config",
                jaas(user, password),
                "ssl.truststore.location",
                data.resolve("trust.p12").toString(),
                "ssl.truststore.password",
                STORE_PASSWORD);
    }

    private static String jaas(String user, String password) {
        return "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user + "\" password=\""
                + password + "\";";
    }

    private static Map<String, String> properties(Path folder) {
        Map<String, String> properties = BrokerProperties.of(folder, ports, -1);
        properties.put(
                "listeners",
                "SECURE://" + ports.broker() + "," + BrokerProperties.CONTROLLER_LISTENER + "://" + ports.controller());
        properties.put("advertised.listeners", "SECURE://" + ports.broker());
        properties.put(
                "listener.security.protocol.map",
                "SECURE:SASL_SSL," + BrokerProperties.CONTROLLER_LISTENER + ":PLAINTEXT");
        properties.put("inter.broker.listener.name", "SECURE");
        properties.put("sasl.enabled.mechanisms", "SCRAM-SHA-512");
        properties.put("sasl.mechanism.inter.broker.protocol", "SCRAM-SHA-512");
        properties.put("listener.name.secure.scram-sha-512.sasl.jaas.config", jaas("admin", USER_PASSWORD));
        properties.put("ssl.keystore.location", data.resolve("broker.p12").toString());
        properties.put("ssl.keystore.password", STORE_PASSWORD);
        properties.put("ssl.key.password", STORE_PASSWORD);
        properties.put("ssl.truststore.location", data.resolve("trust.p12").toString());
        properties.put("ssl.truststore.password", STORE_PASSWORD);
        properties.put("authorizer.class.name", StandardAuthorizer.class.getName());
        properties.put(
                "super.users", "User:admin;User:ANONYMOUS"); // the node's own controller, which no client reaches
        return properties;
    }

    // a certificate for the address alone
    private static void makeStores() throws Exception {
        Path broker = data.resolve("broker.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "broker",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=broker",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-validity",
                        "3650",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        broker.toString(),
                        "-storepass",
                        STORE_PASSWORD)
                .redirectErrorStream(true)
                .start();
        String words = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(words).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(broker)) {
            keys.load(in, STORE_PASSWORD.toCharArray());
        }
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry("broker", keys.getCertificate("broker"));
        try (OutputStream out = Files.newOutputStream(data.resolve("trust.p12"))) {
            trust.store(out, STORE_PASSWORD.toCharArray());
        }
    }
}
