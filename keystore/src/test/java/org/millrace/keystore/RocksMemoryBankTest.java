package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.millrace.keystore.TestBank.SETTINGS;
import static org.millrace.keystore.TestBank.assertHolds;
import static org.millrace.keystore.TestBank.batch;
import static org.millrace.keystore.TestBank.update;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.UserException;
import org.millrace.keystore.disk.DamagedStoreException;

final class RocksMemoryBankTest extends MemoryBankContractTest {
    @TempDir
    Path folder;

    @Override
    MemoryBank open(MemoryBankSettings settings) {
        return settings.open(folder.resolve("run/bank"));
    }

    @Override
    MemoryBank reopen(MemoryBank open, MemoryBankSettings settings) {
        open.close();
        return open(settings);
    }

    @Test
    void open_otherSettings_isRefusedAndLetsGoOfTheFolder() {
        Path other = folder.resolve("other");
        SETTINGS.open(other).close();
        assertThatThrownBy(() -> new MemoryBankSettings("images", 3, 5).open(other))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(
                        "in %s has room for 4 rows of 3 numbers for images of topic 'images', but this run wants room for 5 rows",
                        other);
        assertThatThrownBy(() -> new MemoryBankSettings("images", 2, 4).open(other))
                .isInstanceOf(UserException.class);
        assertThatThrownBy(() -> new MemoryBankSettings("photos", 3, 4).open(other))
                .isInstanceOf(UserException.class);
        SETTINGS.open(other).close();
    }

    @Test
    void open_folderOfAKeyStore_isRefused() {
        Path other = folder.resolve("other");
        TestKeys.SETTINGS.open(other).close();
        assertThatThrownBy(() -> SETTINGS.open(other))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageContaining("at its position: expected one, but found none");
    }

    @Test
    void settings_moreNumbersThanAnArrayHas_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MemoryBankSettings("images", 128, 1 << 24))
                .withMessageContaining("capacity × dimension was 16777216 × 128");
    }

    @Test
    void id_wrongLength_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ImageId(new byte[0]))
                .withMessage("an image id must have 1 to 1024 bytes, but had 0");
        assertThatIllegalArgumentException().isThrownBy(() -> new ImageId(new byte[1025]));
    }

    @Test
    void openReadOnly_whileWriterIsOpen_seesTheStateOfThatMoment() {
        Path other = folder.resolve("other");
        assertThatThrownBy(() -> MemoryBank.openReadOnly(other)).isInstanceOf(UserException.class);
        try (MemoryBank writer = SETTINGS.open(other)) {
            update(writer, 1, "a", "b");
            try (MemoryBank reader = MemoryBank.openReadOnly(other)) {
                update(writer, 2, "a", "c");
                assertHolds(reader, "a", 1, "b", 2);
                assertThat(reader.settings()).isEqualTo(SETTINGS);
                assertThatIllegalStateException()
                        .isThrownBy(() -> update(reader, 3, "a", "d"))
                        .withMessageContaining("is open for reading only");
                assertHolds(reader, "a", 1, "b", 2);
                assertThatIllegalStateException().isThrownBy(() -> reader.truncateAfter(1));
            }
            assertHolds(writer, "a", 3, "b", 2, "c", 4);
        }
    }

    @Test
    void update_afterClose_isRefusedAndNothingChanges() {
        MemoryBank bank = SETTINGS.open(folder.resolve("other"));
        update(bank, 1, "a", "b");
        bank.close();
        bank.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> update(bank, 2, "b", "c", "d"))
                .withMessageContaining("is closed");
        assertHolds(bank, "a", 1, "b", 2);
    }

    @Test
    void update_processHaltedWithoutClose_isKept() throws IOException, InterruptedException {
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
        try (MemoryBank bank = SETTINGS.open(other)) {
            assertHolds(bank, "a", 5, "b", 2, "c", 4);
            bank.truncateAfter(4);
            assertHolds(bank, "a", 3, "b", 2, "c", 4);
        }
    }

    /** A process that writes to a bank and then dies without closing anything. */
    static final class HaltingWriter {
        static final int EXIT_CODE = 42;

        private HaltingWriter() {}

        public static void main(String[] arguments) {
            MemoryBank bank = SETTINGS.open(Path.of(arguments[0]));
            update(bank, 1, "a", "b");
            update(bank, 2, "a", "c");
            update(bank, 3, "a");
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    @Test
    void releaseBefore_overManyTurns_keepsTheFolderSmall() throws IOException {
        MemoryBankSettings ring = new MemoryBankSettings("images", 128, 4096); // 2 MiB
        Path other = folder.resolve("other");
        try (MemoryBank bank = ring.open(other)) {
            long mostBytes = 0;
            for (int step = 0; step < 1600; step++) { // 50 turns, 100 MiB of rows and as much of undo
                long newest = bank.newestSequence();
                List<ImageId> images = IntStream.range(0, 128)
                        .mapToObj(row -> new ImageId(ByteBuffer.allocate(8)
                                .putLong((newest + row) % 6000)
                                .array()))
                        .toList();
                bank.update(images, batch(step, newest, 128, 128));
                if (step % 16 == 0) {
                    bank.releaseBefore(Math.max(0, newest - 4096));
                    mostBytes = Math.max(mostBytes, bytes(other));
                }
            }
            assertThat(mostBytes).isLessThan(64 << 20);
            assertThat(bank.size()).isEqualTo(4096);
        }
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }
}
