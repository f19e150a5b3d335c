package org.millrace.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.weights.Safetensors;
import org.millrace.trainer.gate.GateContent;
import org.millrace.trainer.stream.FreshShareContent;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.ReplayContent;
import org.millrace.trainer.stream.ReplayContent.Kept;
import org.millrace.trainer.stream.StepLosses;
import org.millrace.trainer.stream.StoredImage;
import org.millrace.trainer.stream.TrainedImages;
import org.slf4j.LoggerFactory;

final class CheckpointFolderTest {
    private static final int KEPT = 3;

    @TempDir
    Path root;

    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(CheckpointFolder.class);

    @BeforeEach
    void listen() {
        logged.start();
        logger.addAppender(logged);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(logged);
    }

    @Test
    void newestWhole_nothingWritten_empty() {
        assertThat(folder().newestWhole(any -> {})).isEmpty();
        assertThat(folder().inspect()).isEmpty();
    }

    @Test
    void newestWhole_written_sameState() {
        Checkpoint written = checkpoint(7);
        folder().write(written);
        Checkpoint read = newest();
        assertThat(read.query().toBytes()).isEqualTo(written.query().toBytes());
        assertThat(read.key().toBytes()).isEqualTo(written.key().toBytes());
        assertThat(read.optimiser().toBytes()).isEqualTo(written.optimiser().toBytes());
        assertThat(read.buffer()).usingRecursiveComparison().isEqualTo(written.buffer());
        assertThat(read.gate()).usingRecursiveComparison().isEqualTo(written.gate());
        assertThat(read.state().sha256()).hasSize(5);
        assertThat(read.state().withDigests(Map.of())).isEqualTo(written.state());
        assertThat(logged.list).isEmpty();
    }

    @Test
    void newestWhole_teacherDamaged_theOneBefore() throws IOException {
        Checkpoint plain = checkpoint(7);
        Safetensors teacher = plain.query().withMetadata(Map.of("guard.teacher", "initial"));
        for (long step : new long[] {1, 2}) {
            folder().write(with(checkpoint(step), Optional.of(teacher), Optional.empty()));
        }
        assertThat(newest().teacher().orElseThrow().toBytes()).isEqualTo(teacher.toBytes());
        assertThat(newest().teacher().orElseThrow().metadata()).containsEntry("guard.teacher", "initial");
        Path file = root.resolve("checkpoints/step-000000000002/teacher.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        assertFallsBack(file, bytes);
        Files.delete(file);
        assertThat(newest().state().step()).isEqualTo(1);
    }

    @Test
    void write_onlyAPartLearns_theRestLiesOnceBesideThem() throws IOException {
        BaseEncoder base = BaseEncoder.of(tensor("fixed", 3, 4));
        Path file = root.resolve("checkpoints/base-" + base.sha256().substring(0, 16) + ".safetensors");
        folder().write(with(checkpoint(1), Optional.empty(), Optional.of(base)));
        var first = Files.getLastModifiedTime(file);
        folder().write(with(checkpoint(2), Optional.empty(), Optional.of(base)));
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(first);
        assertThat(names()).containsExactly(file.getFileName().toString(), "step-000000000001", "step-000000000002");
        Checkpoint read = newest();
        assertThat(read.base().orElseThrow().sha256()).isEqualTo(base.sha256());
        assertThat(CheckpointFolder.besides(read.state()))
                .contains(file.getFileName().toString());
        assertThat(read.base().orElseThrow().whole().toBytes())
                .isEqualTo(base.whole().toBytes());
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThat(folder().newestWhole(any -> {})).isEmpty();
        assertThat(folder().inspect().values())
                .allSatisfy(
                        inspection -> assertThat(inspection.problem()).startsWith(file.getFileName() + " has SHA-256"));
    }

    private static Checkpoint with(Checkpoint whole, Optional<Safetensors> teacher, Optional<BaseEncoder> base) {
        return new Checkpoint(
                whole.state(),
                whole.query(),
                whole.key(),
                whole.optimiser(),
                whole.buffer(),
                whole.gate(),
                teacher,
                base);
    }

    @Test
    void write_moreThanKept_newestStay() throws IOException {
        for (long step : new long[] {1, 2, 3, 9, 10}) {
            folder().write(checkpoint(step));
        }
        assertThat(names()).containsExactly("step-000000000003", "step-000000000009", "step-000000000010");
        assertThat(newest().state().step()).isEqualTo(10);
        assertThat(folder().inspect().values().stream()
                        .map(inspection -> inspection.state().orElseThrow().step()))
                .containsExactly(10L, 9L, 3L);
    }

    @Test
    void write_sameStepAgain_replaces() throws IOException {
        folder().write(checkpoint(5, 1));
        folder().write(checkpoint(5, 2));
        assertThat(names()).containsExactly("step-000000000005");
        assertThat(newest().query().tensor("w", 2)).containsExactly(5, 2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "state.json",
                "state.sha256",
                "query.safetensors",
                "key.safetensors",
                "optimiser.safetensors",
                "buffer.bin",
            })
    void newestWhole_anyDamageToAnyFile_theOneBeforeWithAWarning(String name) throws IOException {
        folder().write(checkpoint(1));
        folder().write(checkpoint(2));
        Path file = root.resolve("checkpoints").resolve("step-000000000002").resolve(name);
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) { // every byte in turn
            byte[] flipped = whole.clone();
            flipped[i] ^= 1;
            assertFallsBack(file, flipped);
        }
        assertFallsBack(file, Arrays.copyOf(whole, whole.length - 1));
        assertFallsBack(file, Arrays.copyOf(whole, whole.length / 2));
        assertFallsBack(file, new byte[0]);
        Files.delete(file);
        assertThat(newest().state().step()).isEqualTo(1);
        Files.write(file, whole);
        assertThat(newest().state().step()).as("undamaged again").isEqualTo(2);
    }

    @Test
    void newestWhole_unfinishedFolder_ignoredAndWrittenOver() throws IOException {
        folder().write(checkpoint(1));
        Path unfinished = Files.createDirectories(root.resolve("checkpoints/.unfinished-step-000000000002"));
        Files.writeString(unfinished.resolve("query.safetensors"), "half");
        assertThat(newest().state().step()).isEqualTo(1);
        assertThat(logged.list).isEmpty();
        folder().write(checkpoint(2));
        assertThat(newest().state().step()).isEqualTo(2);
        assertThat(names()).containsExactly("step-000000000001", "step-000000000002");
    }

    @Test
    void newestWhole_newestNotUsable_theOneBefore() {
        folder().write(checkpoint(1));
        folder().write(checkpoint(2));
        Checkpoint usable = folder().newestWhole(checkpoint -> {
                    if (checkpoint.state().keySequence() > 8) {
                        throw new IllegalArgumentException(
                                "it needs key " + checkpoint.state().keySequence());
                    }
                })
                .orElseThrow();
        assertThat(usable.state().step()).isEqualTo(1);
        assertThat(warnings()).singleElement().asString().contains("it needs key 16");
    }

    @Test
    void newestWhole_allDamaged_empty() throws IOException {
        folder().write(checkpoint(1));
        folder().write(checkpoint(2));
        for (String name : names()) {
            Files.writeString(root.resolve("checkpoints").resolve(name).resolve("key.safetensors"), "");
        }
        assertThat(folder().newestWhole(any -> {})).isEmpty();
        assertThat(warnings()).hasSize(2);
        assertThat(folder().inspect().values())
                .allSatisfy(inspection -> assertThat(inspection.problem()).startsWith("key.safetensors has SHA-256 "));
    }

    @Test
    void write_valueThatIsNoNumber_nothingIsWrittenAndTheOneBeforeStays() {
        folder().write(checkpoint(1));
        Checkpoint whole = checkpoint(2);
        Safetensors bad = tensor("w", 1, Float.POSITIVE_INFINITY);
        for (Checkpoint diverged : List.of(
                new Checkpoint(whole.state(), bad, whole.key(), whole.optimiser(), whole.buffer(), whole.gate()),
                new Checkpoint(whole.state(), whole.query(), bad, whole.optimiser(), whole.buffer(), whole.gate()),
                new Checkpoint(whole.state(), whole.query(), whole.key(), bad, whole.buffer(), whole.gate()))) {
            assertThatThrownBy(() -> folder().write(diverged))
                    .isInstanceOf(UserException.class)
                    .hasMessageStartingWith("no checkpoint of step 2 is written under ")
                    .hasMessageContaining(".safetensors: tensor w has Infinity at [1]; weights must be finite");
        }
        assertThat(newest().state().step()).isEqualTo(1);
    }

    @Test
    void newestWhole_valueThatIsNoNumberFromAnEarlierRelease_theOneBefore() throws IOException {
        folder().write(checkpoint(1));
        folder().write(checkpoint(2));
        Path newest = root.resolve("checkpoints/step-000000000002");
        byte[] whole = Files.readAllBytes(newest.resolve("query.safetensors"));
        byte[] bad = tensor("w", 2, Float.NaN).toBytes();
        Files.write(newest.resolve("query.safetensors"), bad);
        String state = Files.readString(newest.resolve("state.json")).replace(Sha256.of(whole), Sha256.of(bad));
        Files.writeString(newest.resolve("state.json"), state);
        Files.writeString(newest.resolve("state.sha256"), Sha256.of(state.getBytes(StandardCharsets.UTF_8)));
        assertThat(newest().state().step()).isEqualTo(1);
        assertThat(warnings()).singleElement().asString().contains("query.safetensors: tensor w has NaN at [1]");
        assertThatThrownBy(() -> folder().at(2)).hasMessageContaining("tensor w has NaN at [1]");
    }

    @Test
    void write_folderCannotBeMade_says() throws IOException {
        Files.writeString(root.resolve("checkpoints"), "a file in the way");
        assertThatThrownBy(() -> folder().write(checkpoint(4)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("cannot write a checkpoint of step 4 under " + root);
    }

    private void assertFallsBack(Path file, byte[] damaged) throws IOException {
        Files.write(file, damaged);
        logged.list.clear();
        assertThat(newest().state().step()).isEqualTo(1);
        assertThat(warnings())
                .singleElement()
                .asString()
                .contains("step-000000000002")
                .contains("taking the one before");
    }

    private List<String> warnings() {
        return logged.list.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    private Checkpoint newest() {
        return folder().newestWhole(any -> {}).orElseThrow();
    }

    private CheckpointFolder folder() {
        return new CheckpointFolder(root.resolve("checkpoints"), KEPT);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> children = Files.list(root.resolve("checkpoints"))) {
            return children.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private static Checkpoint checkpoint(long step) {
        return checkpoint(step, 0f);
    }

    private static Checkpoint checkpoint(long step, float second) {
        var state = new RunState(
                RunState.SCHEMA,
                "main",
                step,
                Map.of(0, 8 * step, 1, 3L),
                Map.of(0, 2),
                new LogIdentity("a cluster", "a topic"),
                8 * step,
                2,
                2 * step,
                8 * step,
                9 * step,
                Optional.of(new FreshShareContent(
                        0.1 + 0.2,
                        1 / 3.0,
                        List.of(
                                new StepLosses(step - 1, Optional.empty()),
                                new StepLosses(step, Optional.of(new StepLosses.Gap(-1e-17, 2 / 3.0)))))),
                List.of(1L, 2L),
                "engine",
                Map.of("run.seed", "1"),
                RunState.digest(Map.of("run.seed", "1")),
                99,
                Map.of());
        return new Checkpoint(
                state,
                tensor("w", (float) step, second),
                tensor("w", (float) -step, Float.MIN_VALUE),
                tensor("velocity", -0f, 1e-40f),
                new ReplayContent(
                        List.of(
                                new Kept(
                                        StoredImage.of(new LoggedImage(new ImageOffset(0, 4), -1, "", new byte[0])),
                                        Optional.empty()),
                                new Kept(
                                        StoredImage.of(new LoggedImage(
                                                new ImageOffset(3, 5_000_000_000L), 77, "caméra", new byte[] {1, -2, 3
                                                })),
                                        Optional.of(new float[] {0.6f, 0.8f}))),
                        List.of(new TrainedImages(step, List.of(new ImageOffset(0, 4)), new float[] {1, 0}))),
                new GateContent(List.of(new GateContent.Source(
                        1,
                        "caméra",
                        5_000_000_000L,
                        70,
                        3,
                        List.of(new byte[] {1, -2}),
                        List.of(new byte[] {3, 4}, new byte[0]),
                        new float[] {0.25f, -0f},
                        Optional.of(new GateContent.Segment("caméra 2", 4_999_999_999L, new byte[] {5, -6}))))));
    }

    private static Safetensors tensor(String name, float first, float second) {
        return new Safetensors.Builder()
                .add(name, new long[] {2}, new float[] {first, second})
                .build();
    }
}
