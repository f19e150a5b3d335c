package org.millrace.app.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.disk.BrokerBudget;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
import org.millrace.trainer.Trainer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A reachable broker: the one that the user named, or an embedded one. Closing it stops the embedded one. Thread safe. */
final class Connection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    private static final int TIMEOUT_MILLIS = 10_000;
    /** A broker that accepts connections is there; on a starved machine it answers late. */
    private static final int ANSWER_MILLIS = 30_000;
    /** The embedded broker lives as long as this process, so a slow response means a busy machine. */
    private static final Duration OWN_BROKER_PATIENCE = Duration.ofMinutes(5);

    private final KafkaSettings kafka;
    private final Optional<EmbeddedBroker> embedded;
    private final Services budget = new Services();

    private Connection(KafkaSettings kafka, Optional<EmbeddedBroker> embedded) {
        this.kafka = kafka;
        this.embedded = embedded;
    }

    /** {@code command} is the user's command, shown to another process that finds the embedded broker's folder in use. */
    static Connection open(MillraceConfig config, String command) {
        String named = config.kafka().get("bootstrap.servers");
        if (named != null) {
            KafkaSettings kafka = new KafkaSettings(named, config.kafka());
            checkReachable(kafka);
            return new Connection(kafka, Optional.empty());
        }
        String protocol = config.kafka().getOrDefault("security.protocol", "PLAINTEXT");
        if (!protocol.equals("PLAINTEXT")) {
            throw new UserException("kafka.security.protocol is " + protocol
                    + ", but no broker is named, and the embedded one speaks PLAINTEXT only."
                    + "\nAdd --bootstrap-server HOST:PORT, or leave that key out.");
        }
        EmbeddedBroker broker = EmbeddedBroker.start(config.run().data(), config.broker(), config.disk(), command);
        Map<String, String> patient = new HashMap<>(config.kafka());
        for (String kind : List.of("admin.", "consumer.")) {
            patient.putIfAbsent(kind + "default.api.timeout.ms", String.valueOf(OWN_BROKER_PATIENCE.toMillis()));
        }
        Connection connection =
                new Connection(new KafkaSettings(broker.bootstrapServers(), patient), Optional.of(broker));
        if (config.disk().brokerMib() > 0) {
            connection.budget.supervise("disk", () -> new BrokerBudget(config, connection.kafka(), LOG::warn));
        }
        return connection;
    }

    /** Whether a broker is named, or the data folder has an embedded one's. */
    static boolean isKnown(MillraceConfig config) {
        return config.kafka().containsKey("bootstrap.servers")
                || Files.isDirectory(config.run().data().resolve("broker"));
    }

    KafkaSettings kafka() {
        return kafka;
    }

    /** Whether the broker runs in this process, and so ends with it. */
    boolean isEmbedded() {
        return embedded.isPresent();
    }

    /** How long a stopping trainer waits for the broker to accept its last records. */
    Duration stopPatience() {
        return isEmbedded() ? OWN_BROKER_PATIENCE : Trainer.STOP_PATIENCE;
    }

    /** Creates missing topics of images. */
    void createImageTopics(ImagesConfig images) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureImages(images);
        }
    }

    /** Creates the topics that a camera's frames go to, where they are missing. */
    void createStream(ImagesConfig images) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureStream(images);
        }
    }

    @Override
    public void close() {
        budget.close();
        embedded.ifPresent(EmbeddedBroker::close);
    }

    private static void checkReachable(KafkaSettings kafka) {
        connectOnce(kafka);
        int patience = kafka.answerMillis(ANSWER_MILLIS);
        try (Admin admin = Admin.create(kafka.admin())) {
            try {
                admin.describeCluster(new DescribeClusterOptions().timeoutMs(patience))
                        .nodes()
                        .get();
            } finally {
                admin.close(Duration.ofSeconds(1));
            }
        } catch (ExecutionException | KafkaException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (BrokerWords.isLogin(cause)) {
                throw noLogin(kafka, cause);
            }
            if (BrokerWords.isRefusal(cause)) {
                throw new UserException(
                        "the broker at " + kafka.bootstrapServers() + " refuses the connection: "
                                + BrokerWords.of(cause)
                                + "\nCheck the kafka.* settings here (user, password, truststore) and the broker's certificate; nothing"
                                + " was sent.",
                        e);
            }
            String reason = cause instanceof TimeoutException
                    ? "it accepts connections, but sent nothing for " + patience / 1000
                            + " s: it is overloaded, expects TLS or SASL, or is no Kafka broker"
                    : BrokerWords.of(cause);
            throw unreachable(kafka, reason, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while connecting", e);
        }
    }

    private static UserException noLogin(KafkaSettings kafka, Throwable cause) {
        Object tokens = kafka.admin().get("sasl.oauthbearer.token.endpoint.url");
        return new UserException(
                "there is no login for the broker at " + kafka.bootstrapServers()
                        + (tokens == null ? "" : " from " + tokens) + ": " + BrokerWords.of(cause)
                        + "\nCheck the kafka.sasl.* settings here; nothing was sent.",
                cause);
    }

    /** Opens and closes a socket, since Kafka's client would log warnings for ten seconds after a refused connection. */
    private static void connectOnce(KafkaSettings kafka) {
        List<InetSocketAddress> addresses;
        try {
            addresses = ClientUtils.parseAndValidateAddresses(
                    List.of(kafka.bootstrapServers().split("\\s*,\\s*")),
                    String.valueOf(kafka.admin().getOrDefault("client.dns.lookup", "use_all_dns_ips")));
        } catch (KafkaException e) {
            throw new UserException(
                    "--bootstrap-server wants HOST:PORT, comma-separated, of hosts that this machine knows, but got '"
                            + kafka.bootstrapServers() + "': " + e.getMessage(),
                    e);
        }
        Optional<IOException> refusal = Optional.empty();
        for (InetSocketAddress address : addresses) {
            try (Socket socket = new Socket()) {
                socket.connect(address, TIMEOUT_MILLIS / addresses.size());
                return;
            } catch (IOException e) {
                refusal = Optional.of(e);
            }
        }
        IOException last = refusal.orElseThrow();
        throw unreachable(kafka, String.valueOf(last.getMessage()), last);
    }

    private static UserException unreachable(KafkaSettings kafka, String reason, Exception cause) {
        return new UserException(
                "the broker at " + kafka.bootstrapServers() + " does not answer: " + reason
                        + "\nCheck --bootstrap-server and that the broker runs; without --bootstrap-server Millrace starts its own.",
                cause);
    }
}
