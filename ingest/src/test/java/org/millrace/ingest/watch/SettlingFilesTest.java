package org.millrace.ingest.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SettlingFilesTest {
    private final SettlingFiles files = new SettlingFiles(100);

    @TempDir
    private Path folder;

    private Path file = Path.of("");

    @BeforeEach
    void writeFile() throws Exception {
        file = Files.writeString(folder.resolve("a"), "1");
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000));
    }

    @Test
    void isSettled_sameForSoLong_onlyThen() throws Exception {
        assertThat(settledAt(0)).isFalse();
        assertThat(settledAt(99)).isFalse();
        assertThat(settledAt(100)).isTrue();
        assertThat(settledAt(150)).isTrue();
    }

    @Test
    void isSettled_sizeOrTimeChanges_beginsAnew() throws Exception {
        assertThat(settledAt(0)).isFalse();
        Files.writeString(file, "12");
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000));
        assertThat(settledAt(100)).isFalse();
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_001));
        assertThat(settledAt(200)).isFalse();
        assertThat(settledAt(299)).isFalse();
        assertThat(settledAt(300)).isTrue();
    }

    @Test
    void isSettled_goneAndBack_beginsAnew() throws Exception {
        assertThat(settledAt(0)).isFalse();
        files.keepOnly(Set.of("b"));
        assertThat(settledAt(100)).isFalse();
        files.forget("a");
        assertThat(settledAt(200)).isFalse();
    }

    private boolean settledAt(long nanos) throws Exception {
        return files.isSettled("a", Files.readAttributes(file, BasicFileAttributes.class), nanos);
    }
}
