package org.millrace.trainer.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.keystore.image.FileKey;
import org.millrace.trainer.TestRuns;

final class ScratchImagesTest {
    @TempDir
    private Path folder;

    @Test
    void open_besideAnotherAndAnAbandonedOne_deletesTheAbandonedAloneAndItselfInTheEnd() throws IOException {
        MillraceConfig config = TestRuns.config("run.data=" + folder, "replay.policy=fifo", "replay.capacity=8");
        Path run = Files.createDirectories(config.run().folder());
        Path abandoned = Files.createDirectories(run.resolveSibling(".replay-1/images"));
        Files.createFile(abandoned.resolveSibling("held"));
        byte[] file = {1, 2, 3};
        FileKey key = FileKey.of(new ImageOffset(0, 1), file);
        try (ScratchImages first = ScratchImages.open(config).orElseThrow()) {
            assertThat(children()).hasSize(2).contains(run).doesNotContain(abandoned.getParent());
            first.store().put(1, key, file);
            try (ScratchImages second = ScratchImages.open(config).orElseThrow()) {
                assertThat(children()).hasSize(3);
                assertThat(second.store().lacking(List.of(key))).containsExactly(key);
            }
            assertThat(first.store().get(key)).isEqualTo(file);
        }
        assertThat(children()).containsExactly(run);
    }

    @Test
    void open_withoutReplayBuffer_nothing() throws IOException {
        assertThat(ScratchImages.open(TestRuns.config("run.data=" + folder))).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    private List<Path> children() throws IOException {
        try (Stream<Path> children = Files.list(folder.resolve("runs"))) {
            return children.toList();
        }
    }
}
