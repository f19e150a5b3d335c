package org.millrace.app.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.BrokerConfig;

class EmbeddedBrokerTest {
    private static final BrokerConfig ANY_PORT = new BrokerConfig(0, -1);
    private static final List<Integer> THOUSAND =
            IntStream.range(0, 1000).boxed().toList();

    @TempDir
    private Path data;

    @Test
    void start_onFolderOfBefore_keepsRecordsAndClusterId() throws Exception {
        String clusterId;
        try (EmbeddedBroker broker = EmbeddedBroker.start(data, ANY_PORT, "test")) {
            BrokerClients clients = new BrokerClients(broker.bootstrapServers());
            clients.createTopic();
            clients.produce(0, 1000);
            assertThat(clients.consume()).isEqualTo(THOUSAND);
            clusterId = clients.clusterId();

            assertThatThrownBy(() -> EmbeddedBroker.start(data, ANY_PORT, "second"))
                    .isInstanceOf(UserException.class)
                    .hasMessage(
                            "the data folder %s is in use by process %d (test), whose broker listens on %s."
                                    + " Add --bootstrap-server %3$s to work with it,"
                                    + " or choose another folder with --set run.data=FOLDER.",
                            data, ProcessHandle.current().pid(), broker.bootstrapServers());
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(data, ANY_PORT, "test")) {
            BrokerClients clients = new BrokerClients(broker.bootstrapServers());
            assertThat(clients.clusterId()).isEqualTo(clusterId);
            assertThat(clients.consume()).isEqualTo(THOUSAND);
        }
    }

    @Test
    void start_afterHardKill_isReadyWithEveryRecord() throws Exception {
        String clusterId;
        try (BrokerChild child = BrokerChild.start(data)) {
            String address = child.awaitReady();
            BrokerClients clients = new BrokerClients(address);
            clients.createTopic();
            clients.produce(0, 1000);
            clusterId = clients.clusterId();

            assertThatThrownBy(() -> EmbeddedBroker.start(data, ANY_PORT, "second"))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining(
                            "in use by process %d (millrace up), whose broker listens on %s", child.pid(), address);
            child.kill();
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(data, ANY_PORT, "test")) {
            BrokerClients clients = new BrokerClients(broker.bootstrapServers());
            assertThat(clients.clusterId()).isEqualTo(clusterId);
            assertThat(clients.consume()).isEqualTo(THOUSAND);
        }
    }

    @Test
    void fault_inRunningBroker_endsProcessWithClearError() throws Exception {
        try (BrokerChild child = BrokerChild.start(data)) {
            child.awaitReady();
            child.fault();
            assertThat(child.awaitEnd())
                    .contains("the embedded broker failed and cannot go on (the log directory failed). The disk of "
                            + data.resolve("broker"));
            assertThat(child.exitCode()).isEqualTo(1);
        }
    }

    @Test
    void start_onDamagedFolder_namesFolderAndLetsItGo() throws Exception {
        Files.createDirectories(data.resolve("broker"));
        Files.writeString(data.resolve("broker/meta.properties"), "version=99\n");
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> EmbeddedBroker.start(data, ANY_PORT, "test"))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("the embedded broker cannot start on " + data.resolve("broker"));
        }
    }

    @Test
    void start_onTakenPort_namesPort() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> EmbeddedBroker.start(data, new BrokerConfig(taken.getLocalPort(), -1), "test"))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("broker.port " + taken.getLocalPort());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void start_portLostToAnotherProcessMeanwhile_takesOthers(boolean controllers) throws Exception {
        Path folder = data.resolve("broker");
        FolderLock lock = FolderLock.take(data, "test");
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String lost = "127.0.0.1:" + other.getLocalPort();
            Ports free = Ports.find(0);
            var found = new ArrayDeque<>(List.of(
                    controllers ? new Ports(free.broker(), lost) : new Ports(lost, free.controller()), Ports.find(0)));
            EmbeddedBroker.prepare(folder);
            try (EmbeddedBroker broker = EmbeddedBroker.start(
                    folder, ports -> BrokerProperties.of(folder, ports, -1), lock, found::remove)) {
                assertThat(new BrokerClients(broker.bootstrapServers()).clusterId())
                        .isNotBlank();
            }
        }
    }

    @Test
    void start_onFileInsteadOfFolder_namesIt() throws Exception {
        Path file = Files.writeString(data.resolve("file"), "x");
        assertThatThrownBy(() -> EmbeddedBroker.start(file, ANY_PORT, "test"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("cannot create the data folder " + file);
    }
}
