package org.millrace.app.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;

final class LogsTest {
    private static final String KAFKA = "org.apache.kafka.controller.QuorumController";

    @TempDir
    Path folder;

    private final LoggerContext context = newContext();
    private final ByteArrayOutputStream error = new ByteArrayOutputStream();
    private final PrintStream before = System.err;

    @BeforeEach
    void catchStandardError() {
        System.setErr(new PrintStream(error, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setErr(before);
        context.stop();
    }

    @Test
    void begin_messagesOfLibraries_goToTheFileAlone() throws IOException {
        Logs.begin(context, config(), "drift rebase");
        context.getLogger(KAFKA).warn("processExpiredBrokerHeartbeat: controller event queue overloaded.");
        context.getLogger(KAFKA).error("Error processing append", new IllegalStateException("why"));
        context.getLogger("org.millrace.trainer.run.RunCheckpoints").warn("checkpoint {} cannot be used", 7);
        context.getLogger("org.millrace.trainer.run.RunCheckpoints").debug("not at this level");
        assertThat(said()).matches("\\d\\d:\\d\\d:\\d\\d checkpoint 7 cannot be used\n");
        assertThat(Files.readString(folder.resolve("logs/drift-rebase.log")))
                .contains(
                        " WARN [main] " + KAFKA + ": processExpiredBrokerHeartbeat",
                        "java.lang.IllegalStateException: why\n        at ",
                        ": checkpoint 7 cannot be used\n")
                .doesNotContain("not at this level");
    }

    @Test
    void begin_nothingLogged_leavesNothingBehind() throws IOException {
        Logs.begin(context, config(), "push");
        context.getLogger(KAFKA).info("below the level of libraries");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void begin_levels_theLongestNameThatFitsCounts() throws IOException {
        Logs.begin(
                context,
                config("log.level=debug", "log.levels=org.apache.kafka=error,org.apache.kafka.clients=info"),
                "train");
        context.getLogger(KAFKA).warn("too little");
        context.getLogger("org.apache.kafka.clients.Metadata").info("enough");
        context.getLogger("org.millrace.trainer.Trainer").debug("for developers");
        assertThat(said()).isEmpty();
        assertThat(Files.readString(folder.resolve("logs/train.log")))
                .contains("enough", "for developers")
                .doesNotContain("too little");
    }

    @Test
    void append_firstOnAnInterruptedThread_isWrittenAndTheThreadStaysInterrupted() throws IOException {
        Logs.begin(context, config(), "embed");
        Thread.currentThread().interrupt();
        context.getLogger(KAFKA).warn("closing");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(said()).isEmpty();
        assertThat(Files.readString(folder.resolve("logs/embed.log"))).contains("closing");
    }

    @Test
    void begin_json_writesAnObjectALine() throws IOException {
        Logs.begin(context, config("log.format=json"), "train");
        context.getLogger("org.millrace.trainer.Trainer").warn("a \"quoted\"\nname \u001b[31m");
        ObjectMapper json = new ObjectMapper();
        for (String text : List.of(said(), Files.readString(folder.resolve("logs/train.log")))) {
            assertThat(text.lines()).hasSize(1);
            JsonNode line = json.readTree(text);
            assertThat(line.at("/level").asText()).isEqualTo("WARN");
            assertThat(line.at("/formattedMessage").asText()).isEqualTo("a \"quoted\"\nname \u001b[31m");
        }
    }

    @Test
    void append_moreThanTheFilesHold_keepsTheNewest() throws IOException {
        Path file = folder.resolve("some/where.log");
        Logs.begin(context, config("run.log-file=" + file, "log.file-bytes=1000", "log.files=2"), "up");
        for (int i = 0; i < 200; i++) {
            context.getLogger(KAFKA).warn("message {}", i);
        }
        try (Stream<Path> files = Files.list(folder.resolve("some"))) {
            assertThat(files.map(path -> String.valueOf(path.getFileName())))
                    .containsExactlyInAnyOrder("where.log", "where.log.1", "where.log.2", ".where.log.lock");
        }
        assertThat(Files.readString(file)).endsWith("message 199\n");
        assertThat(Files.size(file.resolveSibling("where.log.1"))).isBetween(1_000L, 1_200L);
    }

    @Test
    void append_anotherProcessHasTheFile_takesANumber() throws IOException {
        LoggerContext other = newContext();
        Logs.begin(other, config(), "push");
        Logs.begin(context, config(), "push");
        other.getLogger(KAFKA).warn("first");
        context.getLogger(KAFKA).warn("second");
        other.stop();
        assertThat(Files.readString(folder.resolve("logs/push.log"))).contains("first");
        assertThat(Files.readString(folder.resolve("logs/push-2.log"))).contains("second");
    }

    @Test
    void append_fileThatCannotBeWritten_isSaidOnceAndMessagesGoOn() throws IOException {
        Path taken = Files.createFile(folder.resolve("file"));
        Logs.begin(context, config("run.log-file=" + taken.resolve("log")), "up");
        context.getLogger(KAFKA).warn("lost");
        context.getLogger("org.millrace.app.X").warn("seen");
        context.getLogger("org.millrace.app.X").warn("seen too");
        assertThat(said()).containsOnlyOnce("cannot be written").contains("run.log-file", " seen\n", " seen too\n");
    }

    @Test
    void layout_hostileName_cannotPassForAMessageOrAnEscape() {
        Logs.begin(context, config(), "up");
        context.getLogger("org.millrace.app.X").warn("left out: {}", "a\r\n12:00:00 forged \u001b[2J\u202e\u0085.png");
        assertThat(said()).matches("\\S+ left out: a\n    12:00:00 forged �1B\\[2J�E2�80�AE�C2�85\\.png\n");
    }

    private static LoggerContext newContext() {
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        return context;
    }

    private String said() {
        return error.toString(StandardCharsets.UTF_8);
    }

    private MillraceConfig config(String... more) {
        return new ConfigLoader()
                .assignments(List.of("run.data=" + folder))
                .assignments(List.of(more))
                .load();
    }
}
