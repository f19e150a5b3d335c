package org.millrace.keystore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The native library in a folder that stays. */
final class RocksLibraryTest {
    @TempDir
    Path cache;

    @Test
    void kept_again_isTheSameFile_andADamagedOneIsWrittenAgain() throws Exception {
        Path folder = RocksLibrary.kept(cache).orElseThrow();
        Path library = only(folder);
        long bytes = Files.size(library);
        var written = Files.getLastModifiedTime(library);

        assertThat(RocksLibrary.kept(cache)).contains(folder);
        assertThat(Files.getLastModifiedTime(library)).isEqualTo(written);

        Files.write(library, new byte[] {1, 2, 3});
        assertThat(RocksLibrary.kept(cache)).contains(folder);
        assertThat(Files.size(only(folder))).isEqualTo(bytes).isGreaterThan(1_000_000);
    }

    @Test
    void kept_whereNothingCanBeWritten_isEmpty() throws Exception {
        Path file = Files.writeString(cache.resolve("a file"), "");
        assertThat(RocksLibrary.kept(file)).isEmpty();
    }

    private static Path only(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            return all.get(0);
        }
    }
}
