package org.millrace.app.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.run.Commands.run;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.SecuredBroker.Listener;
import org.millrace.app.run.Commands;
import org.millrace.app.run.TrainerChild;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.kafka.TopicSetup;

/** Processes that go on until they are stopped, and {@code runs delete}, each as a user with the rights that docs/security.md lists. */
class SecuredRolesTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5); // only a hang takes that long
    private static final RunTopics MAIN = new RunTopics("main");
    private static final RunTopics WIDE = new RunTopics("wide");
    private static final List<String> USERS =
            List.of("admin", "drift", "page", "embedder", "watcher", "workers", "cleaner");

    @TempDir
    private static Path data;

    private static TokenServer tokens;
    private static SecuredBroker broker;
    private static SecuredClients clients;
    private static Commands commands;

    @BeforeAll
    static void startBroker() throws Exception {
        tokens = new TokenServer(data);
        broker = new SecuredBroker(data.resolve("broker"), USERS, tokens);
        clients = new SecuredClients(broker, data);
        commands = clients.at(Listener.SCRAM);
        var images = new ConfigLoader().load().images();
        try (TopicSetup topics = new TopicSetup(clients.kafka("admin", SecuredBroker.USER_PASSWORD))) {
            topics.ensureImages(images);
            topics.ensureWatched(images);
            for (RunTopics run : List.of(MAIN, WIDE)) {
                topics.ensureRun(run);
                topics.ensureSpaces(run);
            }
            topics.ensureDrift(MAIN);
            topics.ensureEmbeddings(MAIN, images);
            topics.ensureRounds(WIDE, 2);
        }
        clients.prepare(List.of(), rights());
        commands.good("push", Commands.SAMPLE, Commands.batches(8), clients.as("admin"));
        commands.good("train", "--until-step=2", clients.as("admin"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
        tokens.close();
    }

    @Test
    void roles_withTheRightsOfTheTable_work() throws Exception {
        int port = freePort();
        Path folder = Files.createDirectories(data.resolve("watched"));
        Files.write(folder.resolve("one.png"), image(1));
        int before = clients.records("images");
        try (var drift = start("drift", "drift", apart("drift"));
                var page = start("page", "dashboard", "--set=http.port=" + port, apart("page"));
                var embedder = start("embedder", "embed", "--stream", apart("embedder"));
                var watcher = start("watcher", "watch", folder.toString(), apart("watcher"))) {
            await("the folder's image", watcher, () -> clients.records("images") > before);
            await("a page", page, () -> get(port, "/readyz").statusCode() == 200);
            assertThat(post(port, image(2)).statusCode()).isEqualTo(201);
            assertThat(get(port, "/dashboard/state").body()).contains("main");
            await("all embeddings", embedder, () -> clients.records("main.embeddings") >= before + 2);
            await("features", drift, () -> clients.records("main.statistics") > 0);
            for (TrainerChild child : List.of(drift, page, embedder, watcher)) {
                assertThat(child.terminate()).isEqualTo(143);
            }
        }
    }

    @Test
    void slots_andTheEndOfARun_withTheRightsOfTheTable_work() throws Exception {
        String folder = apart("workers");
        String[] wide = run("wide", "--set=rounds.slots=2", "--set=rounds.steps=1", "--set=replay.policy=none", folder);
        commands.good("train", "--until-step=4", wide, clients.as("workers"));
        assertThat(clients.records("wide.globals")).isPositive();
        assertThat(commands.good("runs", "delete", "wide", "--yes", folder, clients.as("cleaner")))
                .contains("wide");
    }

    private static TrainerChild start(String user, Object... arguments) throws Exception {
        return TrainerChild.start(
                commands.line(Stream.concat(Arrays.stream(arguments), Stream.of((Object) clients.as(user)))
                        .toArray()));
    }

    private static String apart(String user) {
        return "--set=run.data=" + data.resolve("of-" + user);
    }

    private static void await(String what, TrainerChild child, Callable<Boolean> there) {
        Awaitility.await(what)
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    assertThat(child.isAlive()).as(what).isTrue();
                    return there.call();
                });
    }

    private static HttpResponse<String> get(int port, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> post(int port, byte[] image) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/images"))
                                .header("Content-Type", "image/png")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(image))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private static byte[] image(int grey) throws Exception {
        var picture = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        picture.getRaster().setSample(3, 4, 0, 100 + grey);
        var out = new ByteArrayOutputStream();
        ImageIO.write(picture, "png", out);
        return out.toByteArray();
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The table of docs/security.md. */
    private static List<AclBinding> rights() {
        List<AclBinding> all = new ArrayList<>();
        allow(all, "watcher", AclOperation.READ, "images.watched");
        allow(all, "watcher", AclOperation.WRITE, "images", "images.rejected", "images.watched");
        all.add(SecuredClients.allowAll(
                "watcher", ResourceType.TRANSACTIONAL_ID, "millrace-watch-", AclOperation.WRITE));

        allow(
                all,
                "drift",
                AclOperation.READ,
                "images",
                "main.steps",
                "main.encoders",
                "main.evaluations",
                "main.statistics",
                "main.drift",
                "main.drift-orders");
        allow(all, "drift", AclOperation.WRITE, "main.statistics", "main.drift");
        for (var operation : List.of(AclOperation.READ, AclOperation.WRITE, AclOperation.CREATE, AclOperation.DELETE)) {
            all.add(SecuredClients.allowAll("drift", ResourceType.TOPIC, "millrace-drift-main-", operation));
        }
        for (String group : List.of("millrace-features-main", "millrace-drift-main")) {
            all.add(SecuredClients.allow("drift", ResourceType.GROUP, group, AclOperation.READ));
        }
        all.add(SecuredClients.allow(
                "drift", ResourceType.TRANSACTIONAL_ID, "millrace-features-main", AclOperation.WRITE));
        all.add(SecuredClients.allowAll(
                "drift", ResourceType.TRANSACTIONAL_ID, "millrace-drift-main-", AclOperation.WRITE));

        all.add(SecuredClients.allowAll("page", ResourceType.TOPIC, "main.", AclOperation.READ));
        allow(all, "page", AclOperation.READ, "images", "probe", "images.rejected");
        allow(all, "page", AclOperation.WRITE, "images", "probe", "images.rejected", "main.drift-orders");

        allow(
                all,
                "embedder",
                AclOperation.READ,
                "images",
                "main.steps",
                "main.encoders",
                "main.spaces",
                "main.evaluations");
        allow(all, "embedder", AclOperation.WRITE, "main.embeddings");
        all.add(SecuredClients.allowAll("embedder", ResourceType.GROUP, "millrace-embed-main-", AclOperation.READ));
        all.add(SecuredClients.allowAll(
                "embedder", ResourceType.TRANSACTIONAL_ID, "millrace-embed-main-", AclOperation.WRITE));

        allow(
                all,
                "workers",
                AclOperation.READ,
                "images",
                "images.rejected",
                "wide.steps",
                "wide.slots",
                "wide.work",
                "wide.globals");
        allow(
                all,
                "workers",
                AclOperation.WRITE,
                "images.rejected",
                "wide.steps",
                "wide.encoders",
                "wide.slots",
                "wide.work",
                "wide.globals");
        allow(all, "workers", AclOperation.DESCRIBE, "wide.evaluations");
        for (var operation : List.of(AclOperation.ALTER, AclOperation.DELETE)) {
            allow(all, "workers", operation, "wide.slots", "wide.work");
        }
        for (String group : List.of("millrace-wide-workers", "millrace-wide-conductor")) {
            all.add(SecuredClients.allow("workers", ResourceType.GROUP, group, AclOperation.READ));
        }
        all.add(SecuredClients.allow("workers", ResourceType.TRANSACTIONAL_ID, "millrace-wide", AclOperation.WRITE));

        for (var operation : List.of(AclOperation.READ, AclOperation.DELETE)) {
            all.add(SecuredClients.allowAll("cleaner", ResourceType.TOPIC, "wide.", operation));
            for (String group : List.of(
                    "millrace-features-wide",
                    "millrace-drift-wide",
                    "millrace-wide-workers",
                    "millrace-wide-conductor")) {
                all.add(SecuredClients.allow("cleaner", ResourceType.GROUP, group, operation));
            }
            all.add(SecuredClients.allowAll("cleaner", ResourceType.GROUP, "millrace-embed-wide-", operation));
        }
        all.add(SecuredClients.allow("cleaner", ResourceType.CLUSTER, "kafka-cluster", AclOperation.DESCRIBE));
        all.add(SecuredClients.allow("cleaner", ResourceType.TRANSACTIONAL_ID, "millrace-wide", AclOperation.WRITE));
        return all;
    }

    private static void allow(List<AclBinding> all, String user, AclOperation operation, String... topics) {
        for (String topic : topics) {
            all.add(SecuredClients.allow(user, ResourceType.TOPIC, topic, operation));
        }
    }
}
