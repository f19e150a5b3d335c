package org.millrace.app.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.broker.SecuredBroker.USER_PASSWORD;
import static org.millrace.app.run.Commands.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.SecuredBroker.Listener;
import org.millrace.app.run.Commands;
import org.millrace.app.run.LoggedRecords;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.kafka.KafkaSettings;

/**
 * A broker with TLS, SCRAM-SHA-512, mTLS, OAUTHBEARER and ACLs: each role works with the rights that docs/security.md lists and no others, and a wrong
 * password, a certificate that does not fit or a missing right is named, with nothing lost.
 */
class SecuredBrokerTest {
    private static final List<String> USERS = List.of("admin", "camera", "trainer", "rival", "evaluator", "stranger");

    @TempDir
    private static Path data;

    private static SecuredBroker broker;
    private static Commands commands;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = new SecuredBroker(data.resolve("broker"), USERS);
        commands = at(Listener.SCRAM);
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
        broker.close();
    }

    @Test
    void roles_withTheRightsOfTheTable_work() throws Exception {
        commands.good("push", Commands.SAMPLE, Commands.batches(4), as("camera"));
        commands.good("push", Commands.SAMPLE, "--skip=100", "--limit=200", "--to=probe", as("camera"));
        commands.good("train", "--until-step=2", as("trainer"));
        assertThat(commands.good("evaluate", as("evaluator"))).contains("encoder 2 of run main is current");

        int images = images();
        assertThat(commands.bad("push", Commands.SAMPLE, Commands.batches(1), as("trainer")))
                .as("the trainer only reads images, and knows no probe")
                .containsPattern(
                        "no right to the topic (images|probe|images\\.rejected)|Not authorized to access topics: ");
        assertThat(commands.bad("train", "--until-step=3", as("camera"))).containsPattern("main\\.steps|no run main");
        assertThat(commands.bad("train", "--until-step=3", "--set=run.data=" + data.resolve("b"), as("rival")))
                .as("all of the trainer's rights but that to its transactions")
                .containsIgnoringCase("transactional id")
                .contains("millrace-main");
        assertThat(images()).isEqualTo(images);

        commands.good("train", "--until-step=3", as("trainer")); // nothing of it was lost
        commands.good("audit", as("trainer"));
    }

    @Test
    void connection_refused_isNamedAndNothingIsSent() throws Exception {
        assertThat(commands.bad("push", Commands.SAMPLE, "--limit=1", "--config=" + file("camera", "wrong", "")))
                .contains(
                        "the broker at " + broker.address(Listener.SCRAM) + " refuses the connection: ",
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
        Commands byName = new Commands(() -> broker.address(Listener.SCRAM).replace("127.0.0.1", "localhost"), data);
        assertThat(byName.bad("push", Commands.SAMPLE, "--limit=1", as("camera")))
                .as("the certificate is for the address, not for the name")
                .contains("SSL handshake failed: ", "localhost");
        assertThat(commands.bad("push", Commands.SAMPLE, "--limit=1", as("stranger")))
                .contains("refuses: no right to the topic images");
    }

    @Test
    void certificates_ofBothSides_areWantedAndNamedWhereTheyDoNotFit() throws Exception {
        Commands mutual = at(Listener.MUTUAL);
        int before = images();
        mutual.good("push", Commands.SAMPLE, "--limit=3", certificate("camera"));
        assertThat(images()).isEqualTo(before + 3);
        assertThat(mutual.bad("train", "--until-step=1", run("other"), certificate("camera")))
                .contains("refuses: no right to the topic ");
        String none = "--config=" + file("no-certificate", Map.of("security.protocol", "SSL"), true);
        String[] nothing = {none};
        for (String[] wrong : List.of(nothing, certificate("expired-camera"), certificate("stranger"))) {
            assertThat(mutual.bad("push", Commands.SAMPLE, "--limit=1", wrong))
                    .contains("refuses the connection: it wants a certificate that it can trust");
        }
        assertThat(at(Listener.EXPIRED).bad("push", Commands.SAMPLE, "--limit=1", none))
                .contains("refuses the connection: its certificate has expired: NotAfter: ");
        assertThat(images()).isEqualTo(before + 3);
    }

    @Test
    void bearerTokens_withTheScopeWork_andWithoutAreNamed() throws Exception {
        Commands bearer = at(Listener.BEARER);
        int before = images();
        bearer.good("push", Commands.SAMPLE, "--limit=3", bearer("camera", "millrace"));
        assertThat(images()).isEqualTo(before + 3);
        assertThat(bearer.bad("push", Commands.SAMPLE, "--limit=1", bearer("camera", "mail")))
                .contains("refuses the connection: ", "insufficient_scope");
        assertThat(bearer.bad("push", Commands.SAMPLE, "--limit=1", bearer("stranger", "millrace")))
                .contains("refuses: no right to the topic images");
        assertThat(bearer.bad("push", Commands.SAMPLE, "--limit=1", as("camera")))
                .contains("'SCRAM-SHA-512' not enabled in the server, enabled mechanisms are [OAUTHBEARER]");
        assertThat(images()).isEqualTo(before + 3);
    }

    private static int images() {
        return LoggedRecords.of(kafka("admin", USER_PASSWORD), "images").size();
    }

    private static Commands at(Listener listener) {
        return new Commands(() -> broker.address(listener), data);
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
        return file("as-" + user + "-" + password + truststore, settings(user, password), !truststore.equals("none"));
    }

    private static Path file(String name, Map<String, String> settings, boolean trusting) throws Exception {
        StringBuilder text = new StringBuilder();
        Map<String, String> all = new TreeMap<>(settings);
        if (trusting) {
            all.put("ssl.truststore.location", broker.trust().toString());
            all.put("ssl.truststore.password", SecuredBroker.STORE_PASSWORD);
        }
        all.forEach((key, value) ->
                text.append("kafka.").append(key).append('=').append(value).append('\n'));
        Path file = data.resolve(name + ".properties");
        Files.writeString(file, text);
        assertThat(file.toFile().setReadable(false, false)).isTrue();
        assertThat(file.toFile().setReadable(true, true)).isTrue();
        return file;
    }

    private static KafkaSettings kafka(String user, String password) {
        Map<String, String> settings = new TreeMap<>(settings(user, password));
        settings.put("ssl.truststore.location", broker.trust().toString());
        settings.put("ssl.truststore.password", SecuredBroker.STORE_PASSWORD);
        return PatientKafka.at(broker.address(Listener.SCRAM), settings);
    }

    private static Map<String, String> settings(String user, String password) {
        return Map.of(
                "security.protocol", "SASL_SSL",
                "sasl.mechanism", "SCRAM-SHA-512",
                "sasl.jaas.config", SecuredBroker.scram(user, password));
    }

    private static String[] certificate(String owner) throws Exception {
        Map<String, String> settings = Map.of(
                "security.protocol",
                "SSL",
                "ssl.keystore.location",
                broker.keys(owner).toString(),
                "ssl.keystore.password",
                SecuredBroker.STORE_PASSWORD,
                "ssl.key.password",
                SecuredBroker.STORE_PASSWORD);
        return new String[] {"--config=" + file("certificate-" + owner, settings, true)};
    }

    private static String[] bearer(String user, String scope) throws Exception {
        Map<String, String> settings = Map.of(
                "security.protocol", "SASL_SSL",
                "sasl.mechanism", "OAUTHBEARER",
                "sasl.jaas.config",
                        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"
                                + " unsecuredLoginStringClaim_sub=\"" + user + "\" unsecuredLoginStringClaim_scope=\""
                                + scope
                                + "\";");
        return new String[] {"--config=" + file("bearer-" + user + "-" + scope, settings, true)};
    }
}
