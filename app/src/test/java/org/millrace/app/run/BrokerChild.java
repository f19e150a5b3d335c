package org.millrace.app.run;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.awaitility.Awaitility;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.config.BrokerConfig;

/** A broker in a separate process at a fixed address, to be killed and restarted. Closing it kills it. */
final class BrokerChild implements AutoCloseable {
    private final Path data;
    private final int port;
    private TrainerChild process;

    private BrokerChild(Path data, int port) throws IOException {
        this.data = data;
        this.port = port;
        this.process = launch();
    }

    /** Starts it, and waits until it answers. */
    static BrokerChild start(Path data) throws IOException {
        BrokerChild broker = new BrokerChild(data, freePort());
        broker.awaitAnswer();
        return broker;
    }

    /** A port that is free now. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Data folder and port. */
    public static void main(String[] arguments) throws InterruptedException {
        try (var broker = EmbeddedBroker.start(
                Path.of(arguments[0]), new BrokerConfig(Integer.parseInt(arguments[1]), -1), "test")) {
            Thread.sleep(Duration.ofHours(2).toMillis());
            throw new IllegalStateException("nobody ended the broker at " + broker.bootstrapServers());
        }
    }

    String address() {
        return "127.0.0.1:" + port;
    }

    void kill() throws InterruptedException {
        process.kill();
    }

    /** Starts it again on the same address and data; does not wait until it answers. */
    void startAgain() throws IOException {
        process = launch();
    }

    void awaitAnswer() {
        var kafka = PatientKafka.at(address());
        try (Admin admin = Admin.create(kafka.admin())) {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(5))
                    .ignoreExceptionsInstanceOf(ExecutionException.class)
                    .until(() -> {
                        admin.describeCluster(new DescribeClusterOptions().timeoutMs(2_000))
                                .clusterId()
                                .get();
                        return true;
                    });
        }
    }

    @Override
    public void close() {
        process.close();
    }

    private TrainerChild launch() throws IOException {
        return TrainerChild.start(BrokerChild.class, data.toString(), String.valueOf(port));
    }
}
