package org.millrace.app.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.cli.MillraceCommandLine;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.event.Json;

/** {@code evaluate --protocol} on a run trained by the test: its checkpoints, its topic, its probe set, and files. */
final class BenchmarkOnBrokerTest {
    private static final String SAMPLE = "../samples/fashion-mnist/t10k-images-idx3-ubyte.gz";

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    @BeforeAll
    static void train() {
        broker = EmbeddedBroker.start(data, new BrokerConfig(0, -1), "test");
        BenchmarkOnBrokerTest setUp = new BenchmarkOnBrokerTest();
        assertThat(setUp.run("push", SAMPLE, "--limit=96")).isZero();
        assertThat(setUp.run("push", SAMPLE, "--skip=96", "--limit=400", "--to=probe"))
                .isZero();
        assertThat(setUp.run("train", "--until-end")).as(setUp.error.toString()).isZero();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    void evaluate_protocolsOnCheckpointAndProbe_printsAndWritesEveryScore() throws IOException {
        Path json = data.resolve("scores.json");
        assertThat(run("evaluate", "--protocol=logistic,knn,ridge,linear-sgd", "--json=" + json))
                .as(error.toString())
                .isZero();
        assertThat(out.toString()).contains("encoder 6 of run benchmark (resnet20, 96 images trained)", "10 classes");
        assertThat(out.toString().lines().filter(line -> line.matches("(logistic|knn|ridge|linear-sgd) .*%.*%.*=.*")))
                .hasSize(4);
        assertThat(out.toString()).contains("tried on a fifth of the training images: 0.003 → ");
        assertThat(data.resolve("runs/benchmark/probe-set.bin"))
                .as("the probe set belongs to the evaluator")
                .doesNotExist();

        JsonNode report = Json.read(Files.readAllBytes(json), JsonNode.class);
        assertThat(report.path("version").asLong()).isEqualTo(6);
        assertThat(report.path("trainImages").asInt()
                        + report.path("testImages").asInt())
                .isEqualTo(400);
        List<String> protocols = StreamSupport.stream(report.path("scores").spliterator(), false)
                .map(score -> score.path("protocol").asText())
                .toList();
        assertThat(protocols).containsExactly("logistic", "knn", "ridge", "linear-sgd");
        assertThat(report.path("scores")).allSatisfy(score -> {
            double top1 = score.path("top1").asDouble();
            assertThat(top1).as(score.toString()).isBetween(0.2, 1.0);
            assertThat(score.path("top5").asDouble()).isBetween(top1, 1.0);
        });
        assertThat(report.at("/scores/3/trials")).hasSize(10);
    }

    @Test
    void evaluate_encoderOfTheTopic_isTheCheckpointsWhereTheyAreOfOneStep() {
        assertThat(run("evaluate", "--protocol=knn", "--encoder=6"))
                .as(error.toString())
                .isZero();
        String published = knn();
        assertThat(run("evaluate", "--protocol=knn", "--checkpoint=6")).isZero();
        assertThat(knn()).isEqualTo(published);
        assertThat(run("evaluate", "--protocol=knn", "--encoder=0")).isZero();
        assertThat(out.toString()).contains("encoder 0 of run benchmark (resnet20, 0 images trained)");
        assertThat(run("evaluate", "--protocol=knn", "--encoder=5")).isEqualTo(1);
        assertThat(error.toString()).contains("has no encoder 5", "there are [0, 6]");
        assertThat(run("evaluate", "--protocol=knn", "--checkpoint=5")).isEqualTo(1);
        assertThat(error.toString()).contains("there is no checkpoint of step 5", "those of the steps 6, 4");
    }

    @Test
    void evaluate_filesAndCheckpoint_needsNoBroker() throws IOException {
        Path files = data.resolve("files");
        List<String> names = writeSquares(files);
        assertThat(runAlone(
                        "evaluate",
                        "--bootstrap-server=127.0.0.1:1",
                        "--protocol=knn,finetune-10",
                        "--labels=folder",
                        "--train=" + files.resolve("train"),
                        "--test=" + files.resolve("test")))
                .as(error.toString())
                .isZero();
        assertThat(names).hasSize(80);
        assertThat(out.toString())
                .contains("40 training images, 40 held out, 2 classes")
                .contains("finetune-10 ", "finetune-10-random ", "from=random weights", "labels=4");
        assertThat(error.toString()).contains("left out of " + files.resolve("train") + ": 1 damaged");
    }

    /** Forty images for each half: half of them dark, half of them light; and one that ends early. */
    private static List<String> writeSquares(Path folder) throws IOException {
        List<String> names = new ArrayList<>();
        for (String half : List.of("train", "test")) {
            for (int i = 0; i < 40; i++) {
                BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
                for (int pixel = 0; pixel < 256; pixel++) {
                    int value = (pixel * 37 + i * 11) % 100 + (i % 2 == 0 ? 0 : 150);
                    image.getRaster().setSample(pixel % 16, pixel / 16, 0, value);
                }
                Path file = folder.resolve(half)
                        .resolve(i % 2 == 0 ? "dark" : "light")
                        .resolve(i + ".png");
                Files.createDirectories(file.getParent());
                assertThat(ImageIO.write(image, "png", file.toFile())).isTrue();
                names.add(file.toString());
            }
        }
        byte[] whole = Files.readAllBytes(Path.of(names.get(0)));
        Files.write(folder.resolve("train/dark/broken.png"), Arrays.copyOf(whole, whole.length / 2));
        return names;
    }

    private String knn() {
        return out.toString()
                .lines()
                .filter(line -> line.startsWith("knn"))
                .map(line -> line.substring(0, 30))
                .findFirst()
                .orElseThrow();
    }

    private int run(String... arguments) {
        return runAlone(
                Stream.concat(Stream.of(arguments), Stream.of("--bootstrap-server=" + broker.bootstrapServers()))
                        .toArray(String[]::new));
    }

    private int runAlone(String... arguments) {
        out.getBuffer().setLength(0);
        error.getBuffer().setLength(0);
        String[] settings = {
            "--set=run.data=" + data,
            "--set=run.name=benchmark",
            "--set=run.threads=1",
            "--set=encoder.height=16",
            "--set=encoder.width=16",
            "--set=encoder.channels=1",
            "--set=encoder.mean=0.3",
            "--set=encoder.standard-deviation=0.3",
            "--set=head.output=16",
            "--set=moco.queue-size=64",
            "--set=evaluator.neighbours=20",
            "--set=trainer.batch-size=16",
            "--set=trainer.checkpoint-every-steps=4",
            "--set=trainer.publish-every-steps=100"
        };
        String[] all = Stream.concat(Stream.of(arguments), Stream.of(settings)).toArray(String[]::new);
        return MillraceCommandLine.run(new PrintWriter(out, true), new PrintWriter(error, true), all);
    }
}
