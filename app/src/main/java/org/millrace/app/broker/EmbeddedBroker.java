package org.millrace.app.broker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.DiskConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A single-node Kafka broker in this process, loopback only, whose data folder survives restarts and hard kills. Holds the folder's lock.
 * Thread safe; the caller closes it.
 *
 * <p>Kafka's server classes are not a public API: only this package uses them, and a test starts a real broker.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final int ATTEMPTS = 3;

    private final FolderLock lock;
    private final KafkaRaftServer server;
    private final String bootstrapServers;
    private boolean closed;

    private EmbeddedBroker(FolderLock lock, KafkaRaftServer server, String bootstrapServers) {
        this.lock = lock;
        this.server = server;
        this.bootstrapServers = bootstrapServers;
    }

    /**
     * Starts a broker on {@code dataFolder/broker} and returns when it serves clients: after about 3 s, after a hard kill up to 6 s.
     *
     * @param command the user's command, shown to another process that finds the folder in use
     */
    public static EmbeddedBroker start(Path dataFolder, BrokerConfig config, String command) {
        return start(dataFolder, config, DiskConfig.NONE, command);
    }

    /** The same, of a broker that can be kept within a budget: it frees what is deleted soon and in small pieces. */
    public static EmbeddedBroker start(Path dataFolder, BrokerConfig config, DiskConfig disk, String command) {
        Path folder = dataFolder.toAbsolutePath().normalize().resolve("broker");
        if (folder.toString().indexOf(',') >= 0) {
            throw new UserException("the path of the embedded broker's folder must not contain a comma, but was "
                    + folder + "\nChoose another folder with --set run.data=FOLDER.");
        }
        FolderLock lock = FolderLock.take(dataFolder, command);
        try {
            prepare(folder);
            return start(
                    folder,
                    ports -> BrokerProperties.of(folder, ports, config.retentionMillis(), disk.brokerBytes()),
                    lock,
                    () -> Ports.find(config.port()));
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /** The address for clients, {@code 127.0.0.1:port}. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    /** Stops the broker cleanly and releases its folder; a second call does nothing. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean interrupted = Thread.interrupted(); // an interrupt would cut the clean stop short
        try (lock) {
            server.shutdown();
            server.awaitShutdown();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * @param properties of a broker on these ports
     * @param free finds free ports; called again if another process takes them before they are used
     */
    static EmbeddedBroker start(
            Path folder, Function<Ports, Map<String, String>> properties, FolderLock lock, Supplier<Ports> free) {
        for (int attempt = 1; ; attempt++) {
            Ports ports = free.get();
            KafkaRaftServer server;
            try {
                server = new KafkaRaftServer(new KafkaConfig(properties.apply(ports), false), Time.SYSTEM);
            } catch (RuntimeException e) {
                throw cannotStart(folder, e);
            }
            try {
                BrokerFaults.start(server::startup);
            } catch (RuntimeException e) {
                server.shutdown();
                if (attempt < ATTEMPTS && lostPort(e)) {
                    continue;
                }
                throw cannotStart(folder, e);
            }
            lock.announce(ports.broker());
            LOG.debug("broker on {}, its data in {}", ports.broker(), folder);
            return new EmbeddedBroker(lock, server, ports.broker());
        }
    }

    /** Formats the folder for a broker, and makes this process end on a fatal error of the broker. */
    static void prepare(Path folder) {
        BrokerFaults.endProcess(folder);
        format(folder);
    }

    private static void format(Path folder) {
        if (Files.exists(folder.resolve("meta.properties"))) {
            return;
        }
        try {
            PrivateFolder.make(folder);
        } catch (IOException e) {
            throw cannotStart(folder, e);
        }
        try (PrintStream silent = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(silent)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setNodeId(BrokerProperties.NODE)
                    .setControllerListenerName(BrokerProperties.CONTROLLER_LISTENER)
                    .setIgnoreFormatted(true)
                    .addDirectory(folder.toString())
                    .setMetadataLogDirectory(folder.toString())
                    .run();
        } catch (Exception e) {
            throw cannotStart(folder, e);
        }
    }

    private static boolean lostPort(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return true;
            }
        }
        return false;
    }

    private static UserException cannotStart(Path folder, Exception failure) {
        return new UserException(
                "the embedded broker cannot start on " + folder + ": " + failure.getMessage()
                        + "\nIf the folder is damaged, move it away, or choose another with --set run.data=FOLDER.",
                failure);
    }
}
