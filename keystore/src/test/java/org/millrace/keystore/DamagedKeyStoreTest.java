package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.millrace.keystore.KeyStoreContractTest.assertHolds;
import static org.millrace.keystore.TestKeys.SETTINGS;
import static org.millrace.keystore.TestKeys.append;
import static org.millrace.keystore.TestKeys.batch;

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

/** Bytes change under the store: it must say so, or hold the right keys. */
final class DamagedKeyStoreTest {
    @TempDir
    Path folder;

    @Test
    void newest_flippedByteInAValue_namesFolderKeyAndSums() throws RocksDBException {
        fill();
        raw(database -> {
            byte[] value = database.get(StoreFormat.key(8));
            value[60] ^= 1;
            database.put(StoreFormat.key(8), value);
        });
        try (KeyStore store = SETTINGS.open(folder)) {
            assertThatThrownBy(() -> store.newest(8))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageMatching(
                            "The key store in " + folder
                                    + " is damaged at key 8: expected CRC32C [0-9a-f]{8}, but found [0-9a-f]{8}\\. Move that folder.*");
            assertThatThrownBy(() -> store.releaseBefore(7)).isInstanceOf(DamagedStoreException.class);
            assertHolds(store.newest(4), 9, 12);

            store.truncateAfter(4);
            assertHolds(store.newest(8), 1, 4);
        }
    }

    @Test
    void newest_missingBatch_isNoticed() throws RocksDBException {
        fill();
        raw(database -> database.delete(StoreFormat.key(8)));
        try (KeyStore store = SETTINGS.open(folder)) {
            assertThatThrownBy(() -> store.newest(8))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageContaining("at key 8: expected a batch that ends there, but found one that ends at 4");
            assertThatThrownBy(() -> store.releaseBefore(6))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageContaining("at key 6: expected that key, but found a gap before key 9");
        }
    }

    @Test
    void newest_missingOldestBatch_isNoticed() throws RocksDBException {
        fill();
        raw(database -> database.delete(StoreFormat.key(4)));
        try (KeyStore store = SETTINGS.open(folder)) {
            assertThatThrownBy(() -> store.newest(12))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageContaining("at key 4: expected that key, but found the end of the store");
            assertHolds(store.newest(8), 5, 12);
        }
    }

    @Test
    void newest_valueUnderAnotherKey_isNoticed() throws RocksDBException {
        fill();
        raw(database -> database.put(StoreFormat.key(8), database.get(StoreFormat.key(4))));
        try (KeyStore store = SETTINGS.open(folder)) {
            assertThatThrownBy(() -> store.newest(8))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageContaining(
                            "at key 8: expected a batch that ends there, but found one of 4 keys from key 1");
        }
    }

    @Test
    void open_missingPosition_isNoticed() throws RocksDBException {
        fill();
        raw(database -> database.delete(StoreFormat.key(0)));
        assertThatThrownBy(() -> SETTINGS.open(folder))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageContaining("expected the store's position, but found none");
    }

    @Test
    void newest_flippedByteInATable_neverGivesWrongKeys() throws IOException, RocksDBException {
        KeyStoreSettings settings = new KeyStoreSettings("images", 64, 256);
        try (KeyStore store = settings.open(folder)) {
            for (int step = 0; step < 8; step++) {
                store.append(batch(step, store.newestSequence(), 32, 64));
            }
        }
        raw(database -> {
            try (FlushOptions flush = new FlushOptions()) {
                database.flush(flush);
            }
        });
        Path table = onlyFile(".sst");
        byte[] whole = Files.readAllBytes(table);
        long seed = System.nanoTime();
        System.out.println("newest_flippedByteInATable_neverGivesWrongKeys seed " + seed);
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        int noticed = 0;
        for (int round = 0; round < 40; round++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(table, damaged);
            try (KeyStore store = KeyStore.openReadOnly(folder)) {
                assertHolds(store.newest(256), 1, 256);
            } catch (DamagedStoreException e) {
                noticed++;
            }
        }
        assertThat(noticed).isGreaterThan(30); // nearly all bytes are keys
    }

    @Test
    void open_flippedByteInTheWriteAheadLog_goesBackToAnEarlierPoint() throws IOException {
        fill();
        Path log = onlyFile(".log");
        byte[] whole = Files.readAllBytes(log);
        whole[whole.length - 20] ^= 1;
        Files.write(log, whole);
        try (KeyStore store = SETTINGS.open(folder)) {
            assertThat(store.newestSequence()).isEqualTo(8);
            assertHolds(store.newest(8), 1, 8);
            assertThatThrownBy(() -> store.truncateAfter(12)).isInstanceOf(DamagedStoreException.class);
        }
    }

    /** A store of three batches, keys 1 to 12. */
    private void fill() {
        try (KeyStore store = SETTINGS.open(folder)) {
            append(store, 0, 4);
            append(store, 1, 4);
            append(store, 2, 4);
            store.sync();
        }
    }

    private void raw(DatabaseAction action) throws RocksDBException {
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
