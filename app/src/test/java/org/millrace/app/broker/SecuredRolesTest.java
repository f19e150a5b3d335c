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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
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

/** Commands, and processes that go on until they are stopped, each as a user with the rights that {@link SecuredRights} gives it and no others. */
class SecuredRolesTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5); // only a hang takes that long
    private static final RunTopics MAIN = new RunTopics("main");
    private static final RunTopics WIDE = new RunTopics("wide");

    @TempDir
    private static Path data;

    private static TokenServer tokens;
    private static SecuredBroker broker;
    private static SecuredClients clients;
    private static Commands commands;

    @BeforeAll
    static void startBroker() throws Exception {
        tokens = new TokenServer(data);
        broker = new SecuredBroker(data.resolve("broker"), SecuredRights.USERS, tokens);
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
        clients.prepare(List.of(), SecuredRights.all());
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
        tokens.close();
    }

    /** Commands, then processes on what they have left. */
    @Test
    void roles_withTheRightsOfTheTable_work() throws Exception {
        commandsWork();
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
            await("an image over HTTP", page, () -> taken(post(port, image(2))));
            assertThat(get(port, "/dashboard/state").body()).contains("main");
            await("all embeddings", embedder, () -> clients.records("main.embeddings") >= before + 2);
            await("features", drift, () -> clients.records("main.statistics") > 0);
            for (TrainerChild child : List.of(drift, page, embedder, watcher)) {
                assertThat(child.terminate()).isEqualTo(143);
            }
        }
    }

    private static void commandsWork() throws Exception {
        commands.good("push", Commands.SAMPLE, Commands.batches(8), clients.as("camera"));
        commands.good("push", Commands.SAMPLE, "--skip=100", "--limit=200", "--to=probe", clients.as("camera"));
        commands.good("train", "--until-step=2", clients.as("trainer"));
        assertThat(commands.good("evaluate", clients.as("evaluator"))).contains("encoder 2 of run main is current");

        int images = clients.records("images");
        assertThat(commands.bad("push", Commands.SAMPLE, Commands.batches(1), clients.as("trainer")))
                .as("the trainer only reads images, and knows no probe")
                .containsPattern(
                        "no right to the topic (images|probe|images\\.rejected)|Not authorized to access topics: ");
        assertThat(commands.bad("train", "--until-step=3", clients.as("camera")))
                .containsPattern("main\\.steps|no run main");
        assertThat(commands.bad("train", "--until-step=3", "--set=run.data=" + data.resolve("b"), clients.as("rival")))
                .as("all of the trainer's rights but that to its transactions")
                .containsIgnoringCase("transactional id")
                .contains("millrace-main");
        assertThat(clients.records("images")).isEqualTo(images);

        commands.good("train", "--until-step=3", clients.as("trainer")); // nothing of it was lost
        commands.good("audit", clients.as("trainer"));
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

    // 503 says that the broker has not answered in a second, and to try again
    private static boolean taken(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isIn(201, 503);
        return answer.statusCode() == 201;
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
}
