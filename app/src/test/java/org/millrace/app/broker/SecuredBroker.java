package org.millrace.app.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.apache.kafka.metadata.storage.Formatter;
import org.jspecify.annotations.Nullable;

/** A broker with a listener for each way to prove who a client is, and with ACLs. All certificates are of one authority. */
final class SecuredBroker implements AutoCloseable {
    static final String STORE_PASSWORD = "of-the-stores";
    static final String USER_PASSWORD = "of-every-user";

    /** A port and what it wants of its clients. */
    enum Listener {
        /** TLS and SCRAM-SHA-512. */
        SCRAM("SASL_SSL"),
        /** TLS with certificates on both sides (mTLS). */
        MUTUAL("SSL"),
        /** TLS and OAUTHBEARER with unsigned tokens, which must have the scope {@code millrace}. */
        BEARER("SASL_SSL"),
        /** TLS and OAUTHBEARER with tokens that the {@link TokenServer} has signed for {@code millrace}. */
        SIGNED("SASL_SSL"),
        /** TLS with a certificate of the broker that has expired. */
        EXPIRED("SSL");

        final String protocol;

        Listener(String protocol) {
            this.protocol = protocol;
        }

        String prefix() {
            return "listener.name." + name().toLowerCase(Locale.ROOT) + ".";
        }
    }

    private final Path folder;
    private final Map<Listener, String> addresses = new EnumMap<>(Listener.class);
    private final KafkaRaftServer server;

    /**
     * Makes the certificates and starts the broker.
     *
     * @param users of {@link Listener#SCRAM}; {@code admin} has every right
     */
    SecuredBroker(Path folder, Collection<String> users, TokenServer tokens) throws Exception {
        this.folder = Files.createDirectories(folder);
        makeCertificates();
        Ports ports = Ports.find(0);
        addresses.put(Listener.SCRAM, ports.broker());
        while (addresses.size() < Listener.values().length) { // a port that was let go may be found again
            String address = Ports.find(0).broker();
            if (!addresses.containsValue(address) && !address.equals(ports.controller())) {
                addresses.put(Listener.values()[addresses.size()], address);
            }
        }
        Path log = Files.createDirectories(folder.resolve("log"));
        try (PrintStream silent = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(silent)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setNodeId(BrokerProperties.NODE)
                    .setControllerListenerName(BrokerProperties.CONTROLLER_LISTENER)
                    .addDirectory(log.toString())
                    .setMetadataLogDirectory(log.toString())
                    .setScramArguments(users.stream()
                            .map(user -> "SCRAM-SHA-512=[name=" + user + ",password=" + USER_PASSWORD + "]")
                            .toList())
                    .run();
        }
        System.setProperty("org.apache.kafka.sasl.oauthbearer.allowed.urls", tokens.keys()); // for the broker
        server = new KafkaRaftServer(new KafkaConfig(properties(log, ports, tokens), false), Time.SYSTEM);
        server.startup();
    }

    String address(Listener listener) {
        return Objects.requireNonNull(addresses.get(listener));
    }

    /** The keys of a broker or client, in PKCS#12 with {@link #STORE_PASSWORD}. */
    Path keys(String owner) {
        return folder.resolve(owner + ".p12");
    }

    /** The authority's certificate, for clients. */
    Path trust() {
        return folder.resolve("trust.p12");
    }

    static String scram(String user, String password) {
        return "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user + "\" password=\""
                + password + "\";";
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }

    private Map<String, String> properties(Path log, Ports ports, TokenServer tokens) {
        Map<String, String> properties = BrokerProperties.of(log, ports, -1);
        String controller = BrokerProperties.CONTROLLER_LISTENER;
        String listeners = addresses.entrySet().stream()
                .map(entry -> entry.getKey() + "://" + entry.getValue())
                .collect(Collectors.joining(","));
        properties.put("listeners", listeners + "," + controller + "://" + ports.controller());
        properties.put("advertised.listeners", listeners);
        properties.put(
                "listener.security.protocol.map",
                Arrays.stream(Listener.values())
                                .map(listener -> listener + ":" + listener.protocol)
                                .collect(Collectors.joining(","))
                        + "," + controller + ":PLAINTEXT");
        properties.put("inter.broker.listener.name", Listener.SCRAM.name());
        properties.put("sasl.mechanism.inter.broker.protocol", "SCRAM-SHA-512");
        properties.put("sasl.enabled.mechanisms", "SCRAM-SHA-512");
        properties.put(Listener.SCRAM.prefix() + "scram-sha-512.sasl.jaas.config", scram("admin", USER_PASSWORD));
        properties.put(Listener.BEARER.prefix() + "sasl.enabled.mechanisms", "OAUTHBEARER");
        properties.put(
                Listener.BEARER.prefix() + "oauthbearer.sasl.jaas.config",
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"
                        + " unsecuredLoginStringClaim_sub=\"broker\" unsecuredValidatorRequiredScope=\"millrace\";");
        properties.put(Listener.SIGNED.prefix() + "sasl.enabled.mechanisms", "OAUTHBEARER");
        properties.put(
                Listener.SIGNED.prefix() + "oauthbearer.sasl.jaas.config",
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;");
        properties.put(
                Listener.SIGNED.prefix() + "oauthbearer.sasl.server.callback.handler.class",
                OAuthBearerValidatorCallbackHandler.class.getName());
        properties.put("sasl.oauthbearer.jwks.endpoint.url", tokens.keys());
        properties.put("sasl.oauthbearer.expected.audience", "millrace");
        properties.put(Listener.MUTUAL.prefix() + "ssl.client.auth", "required");
        properties.put("ssl.principal.mapping.rules", "RULE:^CN=(.*)$/$1/");
        for (Listener listener : Listener.values()) {
            Path keys = keys(listener == Listener.EXPIRED ? "expired-broker" : "broker");
            properties.put(listener.prefix() + "ssl.keystore.location", keys.toString());
            properties.put(listener.prefix() + "ssl.keystore.password", STORE_PASSWORD);
            properties.put(listener.prefix() + "ssl.key.password", STORE_PASSWORD);
            properties.put(listener.prefix() + "ssl.truststore.location", trust().toString());
            properties.put(listener.prefix() + "ssl.truststore.password", STORE_PASSWORD);
        }
        properties.put("authorizer.class.name", StandardAuthorizer.class.getName());
        properties.put(
                "super.users", "User:admin;User:ANONYMOUS"); // the node's own controller, which no client reaches
        return properties;
    }

    private void makeCertificates() throws Exception {
        Path all = folder.resolve("all.p12");
        make(all, "authority", "-ext", "bc:c", "-validity", "3650");
        make(all, "broker", "-signer", "authority", "-ext", "san=ip:127.0.0.1", "-validity", "3650");
        make(all, "camera", "-signer", "authority", "-validity", "3650");
        String[] expired = {"-signer", "authority", "-startdate", "-10d", "-validity", "5"};
        make(all, "expired-broker", expired, "-ext", "san=ip:127.0.0.1");
        make(all, "expired-camera", (Object) expired);
        make(all, "stranger", "-validity", "3650"); // of no authority
        KeyStore made = load(all);
        for (String owner : List.of("broker", "camera", "expired-broker", "expired-camera", "stranger")) {
            KeyStore own = load(null);
            char[] password = STORE_PASSWORD.toCharArray();
            own.setKeyEntry(owner, made.getKey(owner, password), password, made.getCertificateChain(owner));
            store(own, keys(owner));
        }
        KeyStore trust = load(null);
        trust.setCertificateEntry("authority", made.getCertificate("authority"));
        store(trust, trust());
    }

    private static void make(Path store, String alias, Object... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                alias,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + alias,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                STORE_PASSWORD));
        Arrays.stream(options)
                .flatMap(option -> option instanceof String[] several ? Stream.of(several) : Stream.of((String) option))
                .forEach(command::add);
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String words = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(words).isZero();
    }

    private static KeyStore load(@Nullable Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        if (file == null) {
            store.load(null, null);
            return store;
        }
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, STORE_PASSWORD.toCharArray());
        }
        return store;
    }

    private static void store(KeyStore store, Path file) throws IOException, GeneralSecurityException {
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, STORE_PASSWORD.toCharArray());
        }
    }
}
