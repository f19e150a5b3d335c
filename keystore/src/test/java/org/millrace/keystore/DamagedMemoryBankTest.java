package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.millrace.keystore.BankFormat.POSITION;
import static org.millrace.keystore.BankFormat.ROW;
import static org.millrace.keystore.BankFormat.UNDO;
import static org.millrace.keystore.BankFormat.key;
import static org.millrace.keystore.TestBank.SETTINGS;
import static org.millrace.keystore.TestBank.assertHolds;
import static org.millrace.keystore.TestBank.update;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.keystore.disk.DamagedStoreException;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/** Bytes change under the bank: it must say so, or hold the right rows. */
final class DamagedMemoryBankTest {
    @TempDir
    Path folder;

    @Test
    void open_flippedByteInARow_namesFolderSlotAndSums() throws RocksDBException {
        fill();
        raw(database -> {
            byte[] value = database.get(key(ROW, 1));
            value[50] ^= 1;
            database.put(key(ROW, 1), value);
        });
        assertThatThrownBy(() -> SETTINGS.open(folder))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageMatching(
                        "The key store in " + folder
                                + " is damaged at slot 1: expected CRC32C [0-9a-f]{8}, but found [0-9a-f]{8}\\. Move that folder.*");
    }

    @Test
    void open_missingRow_isNoticed() throws RocksDBException {
        for (int slot = 0; slot < 3; slot++) {
            Path own = folder.resolve("slot-" + slot);
            fill(own);
            byte[] missing = key(ROW, slot);
            raw(own, database -> database.delete(missing));
            assertThatThrownBy(() -> SETTINGS.open(own))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageContaining("at slot %d: expected its row, but found none", slot);
        }
    }

    @Test
    void open_oneRowTooMany_isNoticed() throws RocksDBException {
        fill();
        raw(database -> database.put(key(ROW, 3), database.get(key(ROW, 2))));
        assertThatThrownBy(() -> SETTINGS.open(folder))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageContaining("at slot 3: expected only 3 rows, but found one more");
    }

    @Test
    void open_rowUnderAnotherSlot_isNoticed() throws RocksDBException {
        fill();
        raw(database -> database.put(key(ROW, 0), database.get(key(ROW, 2))));
        assertThatThrownBy(() -> SETTINGS.open(folder))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageContaining("at slot 0: expected its row, but found that of slot 2");
    }

    @Test
    void open_rowOfAWriteToCome_isNoticed() throws RocksDBException {
        fill();
        byte[][] position = new byte[1][];
        raw(database -> position[0] = database.get(key(POSITION, 0)));
        try (MemoryBank bank = SETTINGS.open(folder)) {
            update(bank, 4, "c");
        }
        raw(database -> database.put(key(POSITION, 0), position[0]));
        assertThatThrownBy(() -> SETTINGS.open(folder))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageContaining("at slot 2: expected a row written up to write 5, but found one of write 6");
    }

    @Test
    void open_missingPosition_isNoticed() throws RocksDBException {
        fill();
        raw(database -> database.delete(key(POSITION, 0)));
        assertThatThrownBy(() -> SETTINGS.open(folder))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageContaining("at its position: expected one, but found none");
    }

    @Test
    void truncateAfter_damagedUndo_isNoticedAndNothingChanges() throws RocksDBException {
        fill();
        raw(database -> {
            byte[] value = database.get(key(UNDO, 4));
            value[30] ^= 1;
            database.put(key(UNDO, 4), value);
        });
        try (MemoryBank bank = SETTINGS.open(folder)) {
            assertThatThrownBy(() -> bank.truncateAfter(2))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageContaining("damaged at the undo of write 4: expected CRC32C");
            assertHolds(bank, "a", 5, "b", 3, "c", 4);
            bank.truncateAfter(4);
            assertHolds(bank, "a", 1, "b", 3, "c", 4);
        }
    }

    @Test
    void truncateAfter_missingUndo_isNoticedAndNothingChanges() throws RocksDBException {
        fill();
        raw(database -> database.delete(key(UNDO, 4)));
        try (MemoryBank bank = SETTINGS.open(folder)) {
            assertThatThrownBy(() -> bank.truncateAfter(2))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageContaining("at the undo of write 4: expected what that write replaced, but found none");
            assertHolds(bank, "a", 5, "b", 3, "c", 4);
        }
    }

    @Test
    void truncateAfter_undoUnderAnotherWrite_isNoticed() throws RocksDBException {
        fill();
        raw(database -> database.put(key(UNDO, 4), database.get(key(UNDO, 2))));
        try (MemoryBank bank = SETTINGS.open(folder)) {
            assertThatThrownBy(() -> bank.truncateAfter(2))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageContaining("expected a step that ends there, but found one of 2 from write 1");
        }
    }

    @Test
    void open_flippedByteInATable_neverGivesWrongRows() throws IOException, RocksDBException {
        fill();
        raw(database -> {
            try (FlushOptions flush = new FlushOptions()) {
                database.flush(flush);
            }
        });
        Path table = onlyFile(".sst");
        byte[] whole = Files.readAllBytes(table);
        long seed = System.nanoTime();
        System.out.println("open_flippedByteInATable_neverGivesWrongRows seed " + seed);
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        int noticed = 0;
        for (int round = 0; round < 60; round++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(table, damaged);
            try (MemoryBank bank = MemoryBank.openReadOnly(folder)) {
                assertHolds(bank, "a", 5, "b", 3, "c", 4);
            } catch (DamagedStoreException e) {
                noticed++;
            }
        }
        assertThat(noticed).isGreaterThan(10); // many bytes of so small a table are its properties
    }

    @Test
    void open_flippedByteInTheWriteAheadLog_goesBackToAnEarlierState() throws IOException {
        fill();
        Path log = onlyFile(".log");
        byte[] whole = Files.readAllBytes(log);
        whole[whole.length - 20] ^= 1;
        Files.write(log, whole);
        try (MemoryBank bank = SETTINGS.open(folder)) {
            assertHolds(bank, "a", 1, "b", 3, "c", 4);
            assertThatThrownBy(() -> bank.truncateAfter(5)).isInstanceOf(DamagedStoreException.class);
            bank.truncateAfter(2);
            assertHolds(bank, "a", 1, "b", 2);
        }
    }

    private void fill() {
        fill(folder);
    }

    /** A bank after three steps and five writes. */
    private static void fill(Path folder) {
        try (MemoryBank bank = SETTINGS.open(folder)) {
            update(bank, 1, "a", "b");
            update(bank, 2, "b", "c");
            update(bank, 3, "a");
            bank.sync();
        }
    }

    private void raw(DatabaseAction action) throws RocksDBException {
        raw(folder, action);
    }

    private static void raw(Path folder, DatabaseAction action) throws RocksDBException {
        try (Options options = new Options();
                RocksDB database = RocksDB.open(options, folder.toString())) {
            action.run(database);
        }
    }

    private Path onlyFile(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found =
                    files.filter(file -> file.toString().endsWith(suffix)).toList();
            assertThat(found).hasSize(1);
            return found.get(0);
        }
    }

    private interface DatabaseAction {
        void run(RocksDB database) throws RocksDBException;
    }
}
