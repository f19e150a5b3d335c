package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.millrace.keystore.TestKeys.SETTINGS;
import static org.millrace.keystore.TestKeys.append;
import static org.millrace.keystore.TestKeys.batch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.UserException;

final class RocksKeyStoreTest extends KeyStoreContractTest {
    @TempDir
    Path folder;

    @Override
    KeyStore open(KeyStoreSettings settings) {
        return settings.open(folder.resolve("run/keys"));
    }

    @Override
    KeyStore reopen(KeyStore open, KeyStoreSettings settings) {
        open.close();
        return open(settings);
    }

    @Test
    void open_wrongTopic_isRefusedAndLetsGoOfTheFolder() {
        Path other = folder.resolve("other");
        SETTINGS.open(other).close();
        assertThatThrownBy(() -> new KeyStoreSettings("photos", 3, 8).open(other))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(
                        "in %s holds keys of 3 numbers for images of topic 'images', but this run makes keys of 3 numbers for images of topic 'photos'",
                        other);
        SETTINGS.open(other).close();
    }

    @Test
    void open_wrongDimension_isRefused() {
        Path other = folder.resolve("other");
        SETTINGS.open(other).close();
        assertThatThrownBy(() -> new KeyStoreSettings("images", 4, 8).open(other))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds keys of 3 numbers");
    }

    @Test
    void open_secondTime_isRefusedUntilTheFirstIsClosed() {
        Path other = folder.resolve("other");
        try (KeyStore first = SETTINGS.open(other)) {
            append(first, 0, 4);
            assertThatThrownBy(() -> SETTINGS.open(other))
                    .isInstanceOf(UserException.class)
                    .hasMessage(
                            "The key store in %s is in use by another Millrace. Stop that one, or give this one a data folder of its own.",
                            other);
            append(first, 1, 4);
        }
        try (KeyStore second = SETTINGS.open(other)) {
            assertHolds(second.newest(8), 1, 8);
        }
    }

    @Test
    void open_pathThatIsAFile_isRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> SETTINGS.open(file))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("The folder of the key store, %s, cannot be made", file);
    }

    @Test
    void openReadOnly_noStore_isRefusedAndMakesNothing() {
        Path missing = folder.resolve("missing");
        assertThatThrownBy(() -> KeyStore.openReadOnly(missing))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("There is no key store in " + missing);
        assertThat(missing).doesNotExist();
    }

    @Test
    void openReadOnly_whileWriterIsOpen_seesTheStateOfThatMoment() {
        Path other = folder.resolve("other");
        try (KeyStore writer = SETTINGS.open(other)) {
            append(writer, 0, 4);
            try (KeyStore reader = KeyStore.openReadOnly(other)) {
                append(writer, 1, 4);
                assertHolds(reader.newest(8), 1, 4);
                assertThat(reader.statistics(8, 1).diskBytes()).isPositive();
                assertThatIllegalStateException().isThrownBy(() -> append(reader, 1, 4));
                assertThatIllegalStateException().isThrownBy(() -> reader.truncateAfter(1));
            }
            assertHolds(writer.newest(8), 1, 8);
        }
    }

    @Test
    void openReadOnly_whileWriterFlushesAndReleases_neverSeesDamage() throws Exception {
        Path other = folder.resolve("other");
        KeyStoreSettings large = new KeyStoreSettings("images", 128, 256);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger steps = new AtomicInteger();
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try (KeyStore writer = large.open(other)) {
            writer.append(batch(0, 0, 64, 128));
            Future<?> writing = executor.submit(() -> {
                while (!stop.get()) {
                    long newest = writer.append(batch(steps.incrementAndGet(), writer.newestSequence(), 64, 128));
                    writer.releaseBefore(newest - 255);
                }
            });
            try {
                for (int round = 0; round < 60 || (steps.get() < 100 && !writing.isDone()); round++) {
                    try (KeyStore reader = KeyStore.openReadOnly(other)) {
                        long newest = reader.newestSequence();
                        long expected = Math.min(newest, 256);
                        assertHolds(reader.newest(256), newest - expected + 1, newest);
                    }
                }
            } finally {
                stop.set(true);
            }
            writing.get();
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void append_processHaltedWithoutClose_isKept() throws IOException, InterruptedException {
        Path other = folder.resolve("other");
        Process child = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Djava.io.tmpdir=" + folder, // where RocksDB leaves its unpacked library
                        "-cp",
                        System.getProperty("java.class.path"),
                        HaltingWriter.class.getName(),
                        other.toString())
                .inheritIO()
                .start();
        assertThat(child.waitFor()).isEqualTo(HaltingWriter.EXIT_CODE);
        try (KeyStore store = SETTINGS.open(other)) {
            assertThat(store.newestSequence()).isEqualTo(20);
            assertHolds(store.newest(8), 13, 20);
        }
    }

    /** A process that appends five batches and then dies without closing anything. */
    static final class HaltingWriter {
        static final int EXIT_CODE = 42;

        private HaltingWriter() {}

        public static void main(String[] arguments) {
            KeyStore store = SETTINGS.open(Path.of(arguments[0]));
            for (int step = 0; step < 5; step++) {
                append(store, step, 4);
            }
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    @Test
    void close_thenUse_isRefused() {
        KeyStore store = SETTINGS.open(folder.resolve("other"));
        append(store, 0, 4);
        store.close();
        store.close();
        assertThatIllegalStateException().isThrownBy(() -> store.newest(4)).withMessageContaining("is closed");
        assertThatIllegalStateException().isThrownBy(() -> append(store, 0, 4));
        assertThatIllegalStateException().isThrownBy(store::sync);
    }

    @Test
    void releaseBefore_overManyTurns_keepsTheFolderSmall() {
        KeyStoreSettings ring = new KeyStoreSettings("images", 128, 4096); // 2 MiB
        try (KeyStore store = ring.open(folder.resolve("other"))) {
            long mostBytes = 0;
            for (int step = 0; step < 1600; step++) { // 50 turns, 100 MiB
                long newest = store.append(batch(step, store.newestSequence(), 128, 128));
                if (step % 16 == 0) {
                    store.releaseBefore(newest - 4095);
                    mostBytes = Math.max(mostBytes, store.statistics(0, step).diskBytes());
                }
            }
            assertThat(mostBytes).isLessThan(48 << 20);
            assertHolds(store.newest(4096), 1600 * 128 - 4095, 1600 * 128);
        }
    }
}
