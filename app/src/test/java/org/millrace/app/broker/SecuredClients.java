package org.millrace.app.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.broker.SecuredBroker.USER_PASSWORD;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.millrace.app.broker.SecuredBroker.Listener;
import org.millrace.app.run.Commands;
import org.millrace.app.run.LoggedRecords;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.kafka.KafkaSettings;

/** Users of a {@link SecuredBroker}: their rights, and the files with which commands come as one of them. */
record SecuredClients(SecuredBroker broker, Path data) {
    /** Commands that speak to that listener. */
    Commands at(Listener listener) {
        return new Commands(() -> broker.address(listener), data);
    }

    /** Makes topics of one partition, and gives rights. */
    void prepare(List<String> topics, List<AclBinding> rights) throws Exception {
        try (Admin admin = Admin.create(kafka("admin", USER_PASSWORD).admin())) {
            admin.createTopics(topics.stream()
                            .map(topic -> new NewTopic(topic, 1, (short) 1))
                            .toList())
                    .all()
                    .get();
            admin.createAcls(rights).all().get();
        }
    }

    /** How many records a topic has. */
    int records(String topic) {
        return LoggedRecords.of(kafka("admin", USER_PASSWORD), topic).size();
    }

    /** The configuration of a user of {@link Listener#SCRAM}, as an option. */
    String[] as(String user) throws Exception {
        return new String[] {"--config=" + file(user, USER_PASSWORD, "")};
    }

    /** @param truststore "none" leaves it out */
    Path file(String user, String password, String truststore) throws Exception {
        return file("as-" + user + "-" + password + truststore, settings(user, password), !truststore.equals("none"));
    }

    /** @param trusting whether it trusts the authority of the broker's certificate */
    Path file(String name, Map<String, String> settings, boolean trusting) throws Exception {
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

    /** The same for clients of the test. */
    KafkaSettings kafka(String user, String password) {
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

    /** The configuration of a client of {@link Listener#MUTUAL}. */
    String[] certificate(String owner) throws Exception {
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

    /** The configuration of a client with a token that it makes itself. */
    String[] bearer(String user, String scope) throws Exception {
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

    /** The configuration of a client that fetches its tokens. */
    String[] fetching(String endpoint, String client, String secret) throws Exception {
        Map<String, String> settings = Map.of(
                "security.protocol", "SASL_SSL",
                "sasl.mechanism", "OAUTHBEARER",
                "sasl.jaas.config", "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
                "sasl.login.callback.handler.class",
                        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
                "sasl.oauthbearer.token.endpoint.url", endpoint,
                "sasl.oauthbearer.client.credentials.client.id", client,
                "sasl.oauthbearer.client.credentials.client.secret", secret);
        return new String[] {"--config=" + file("fetching-" + Integer.toHexString(settings.hashCode()), settings, true)
        };
    }

    static AclBinding allow(String user, ResourceType type, String name, AclOperation operation) {
        return new AclBinding(
                new ResourcePattern(type, name, PatternType.LITERAL),
                new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
    }

    /** The same for all names that begin so. */
    static AclBinding allowAll(String user, ResourceType type, String prefix, AclOperation operation) {
        return new AclBinding(
                new ResourcePattern(type, prefix, PatternType.PREFIXED),
                new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
    }
}
