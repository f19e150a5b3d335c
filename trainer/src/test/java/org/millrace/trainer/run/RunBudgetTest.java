package org.millrace.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.slf4j.LoggerFactory;

/** Checkpoints are folders of some size here, since the budget looks at no more. */
class RunBudgetTest {
    private static final int KEPT = 3;
    private static final int BYTES = 1_000; // of a checkpoint

    @TempDir
    private Path run;

    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(RunBudget.class);

    @BeforeEach
    void threeCheckpoints() throws IOException {
        for (int step = 1; step <= KEPT; step++) {
            checkpoint(step);
        }
        logged.start();
        logger.addAppender(logged);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(logged);
    }

    @Test
    void keep_withoutABudgetOrWellWithin_nothingGoesAndNothingIsSaid() throws IOException {
        budget(0).keep();
        budget(2 * KEPT * BYTES).keep();
        assertThat(left()).hasSize(KEPT);
        assertThat(logged.list).isEmpty();
    }

    @Test
    void keep_nearTheBudget_saysOnceWhatWillGo() throws IOException {
        RunBudget near = budget(KEPT * BYTES + 1);
        near.keep();
        near.keep();
        assertThat(left()).hasSize(KEPT);
        assertThat(words()).singleElement().asString().contains("Above it the oldest checkpoints go first");
    }

    @Test
    void keep_overTheBudget_theOldestGoUntilItIsWithin() throws IOException {
        RunBudget over = budget(2 * BYTES);
        over.keep();
        assertThat(left()).containsExactly("step-000000000002", "step-000000000003");
        checkpoint(4);
        over.keep();
        assertThat(left()).containsExactly("step-000000000003", "step-000000000004");
        assertThat(words()).singleElement().asString().contains("removed 1 old checkpoint, 2 left");
    }

    @Test
    void keep_newestAloneIsOverTheBudget_staysAndThatIsSaid() throws IOException {
        budget(BYTES - 1).keep();
        assertThat(left()).containsExactly("step-000000000003");
        assertThat(words()).singleElement().asString().contains("with its newest checkpoint alone");
    }

    private RunBudget budget(long bytes) {
        return new RunBudget(run, bytes, new CheckpointFolder(run.resolve("checkpoints"), KEPT));
    }

    private void checkpoint(int step) throws IOException {
        Path folder = run.resolve("checkpoints").resolve(String.format("step-%012d", step));
        Files.createDirectories(folder);
        Files.write(folder.resolve("query.safetensors"), new byte[BYTES]);
    }

    private List<String> left() throws IOException {
        try (Stream<Path> folders = Files.list(run.resolve("checkpoints"))) {
            return folders.map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    private List<String> words() {
        return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
}
