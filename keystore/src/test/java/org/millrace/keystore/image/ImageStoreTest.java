package org.millrace.keystore.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.keystore.disk.DamagedStoreException;

@Timeout(300) // only a hang takes that long
final class ImageStoreTest {
    private static final int BYTES = 20_000; // in a blob file
    private static final int SMALL = 100; // in a table

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0, SMALL, BYTES})
    void get_putAndReopened_sameBytes(int length) {
        FileKey key = key(5_000_000_000L, length);
        try (ImageStore store = ImageStore.open(folder)) {
            store.put(1, key, file(key));
            assertThat(store.get(key)).isEqualTo(file(key));
            store.sync();
        }
        try (ImageStore store = ImageStore.open(folder)) {
            assertThat(store.get(key)).isEqualTo(file(key));
            assertThat(store.lacking(List.of(key))).isEmpty();
        }
    }

    @Test
    void get_neverPut_saysWhichAndWhatToDo() {
        try (ImageStore store = ImageStore.open(folder)) {
            FileKey key = key(7, BYTES);
            assertThat(store.lacking(List.of(key))).containsExactly(key);
            assertThatThrownBy(() -> store.get(key))
                    .isInstanceOf(DamagedStoreException.class)
                    .hasMessageStartingWith(
                            "The image store in " + folder
                                    + " is damaged at image 2/7: expected 20000 bytes, but found nothing. Move that folder away");
        }
    }

    @Test
    void put_anotherFileAtTheSameOffset_bothAreThere() {
        byte[] before = {1, 2, 3};
        byte[] after = {1, 2, 4};
        FileKey first = FileKey.of(new ImageOffset(0, 1), before);
        FileKey second = FileKey.of(new ImageOffset(0, 1), after);
        try (ImageStore store = ImageStore.open(folder)) {
            store.put(1, first, before);
            store.put(2, second, after);
            assertThat(store.get(first)).isEqualTo(before);
            assertThat(store.get(second)).isEqualTo(after);
            assertThatThrownBy(() -> store.put(3, first, after))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("these 3 bytes are not the file of image 0/1, 3 bytes");
        }
    }

    @Test
    void release_upToAStep_deletesWhatIsNotNeededAndNothingPutLater() {
        try (ImageStore store = ImageStore.open(folder)) {
            List<FileKey> keys = new ArrayList<>();
            for (int step = 1; step <= 6; step++) {
                FileKey key = key(step, BYTES);
                keys.add(key);
                store.put(step, key, file(key));
            }
            store.put(5, keys.get(0), file(keys.get(0))); // again, at a later step
            assertThat(store.release(4, Set.of(keys.get(1), keys.get(3)))).isEqualTo(1);
            assertThat(store.lacking(keys)).containsExactly(keys.get(2));
            assertThat(store.release(6, Set.of(keys.get(5)))).isEqualTo(4);
            assertThat(store.lacking(keys)).isEqualTo(keys.subList(0, 5));
            assertThat(store.get(keys.get(5))).isEqualTo(file(keys.get(5)));
        }
    }

    /** Of 200 files needed at a time, 4 MB: the newest, or such that any may leave; 60 checkpoints, 60 MB put. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void release_checkpointAfterCheckpoint_diskStaysBounded(boolean oldestLeave) throws InterruptedException {
        int capacity = 200;
        int arrivals = 50;
        long seed = 31;
        System.out.println("release_checkpointAfterCheckpoint_diskStaysBounded seed " + seed);
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        List<FileKey> needed = new ArrayList<>();
        Deque<Set<FileKey>> checkpoints = new ArrayDeque<>();
        long twoCheckpoints = (capacity + arrivals) * (long) BYTES;
        try (ImageStore store = ImageStore.open(folder)) {
            for (int step = 1; step <= 60; step++) {
                for (int i = 0; i < arrivals; i++) {
                    FileKey key = key((long) step * arrivals + i, BYTES);
                    store.put(step, key, file(key));
                    needed.add(key);
                    if (needed.size() > capacity) {
                        needed.remove(oldestLeave ? 0 : random.nextInt(needed.size()));
                    }
                }
                store.sync();
                checkpoints.add(new HashSet<>(needed));
                if (checkpoints.size() > 2) {
                    checkpoints.remove();
                }
                Set<FileKey> all = new HashSet<>();
                checkpoints.forEach(all::addAll);
                store.release(step, all);
            }
            for (FileKey key : needed) {
                assertThat(store.get(key)).isEqualTo(file(key));
            }
            while (store.diskBytes() > 4 * twoCheckpoints) {
                Thread.sleep(20); // RocksDB compacts on threads of its own
            }
            assertThat(store.diskBytes()).isBetween(capacity * (long) BYTES, 4 * twoCheckpoints);
        }
    }

    @Test
    void get_flippedByteInAnyFile_neverGivesOtherBytes() throws IOException {
        List<FileKey> keys = new ArrayList<>();
        try (ImageStore store = ImageStore.open(folder)) {
            for (int i = 0; i < 40; i++) {
                FileKey key = key(i, i % 2 == 0 ? BYTES : SMALL);
                keys.add(key);
                store.put(1, key, file(key));
            }
        }
        long seed = System.nanoTime();
        System.out.println("get_flippedByteInAnyFile_neverGivesOtherBytes seed " + seed);
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        for (String suffix : List.of(".blob", ".sst")) {
            Path file = files(suffix).get(0);
            byte[] whole = Files.readAllBytes(file);
            int noticed = 0;
            for (int round = 0; round < 40; round++) {
                byte[] damaged = whole.clone();
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, damaged);
                noticed += readsOrRefuses(keys) ? 0 : 1;
            }
            assertThat(noticed)
                    .as(suffix)
                    .isGreaterThan(15); // most bytes are content; of 40, 30 are expected in a table
            Files.write(file, whole);
        }
        assertThat(readsOrRefuses(keys)).isTrue();
    }

    @Test
    void get_blobFileCutOrGone_isRefused() throws IOException {
        FileKey key = key(1, BYTES);
        try (ImageStore store = ImageStore.open(folder)) {
            store.put(1, key, file(key));
        }
        Path blob = files(".blob").get(0);
        byte[] whole = Files.readAllBytes(blob);
        Files.write(blob, java.util.Arrays.copyOf(whole, whole.length / 2));
        assertThat(readsOrRefuses(List.of(key))).isFalse();
        Files.delete(blob);
        assertThat(readsOrRefuses(List.of(key))).isFalse();
    }

    /** One table, and several. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void openReadOnly_syncedSoOften_readsFilesOfAnySize(int syncs) {
        List<FileKey> keys = new ArrayList<>();
        try (ImageStore store = ImageStore.open(folder)) {
            for (int i = 0; i < syncs; i++) {
                for (int length : new int[] {0, SMALL, BYTES}) {
                    FileKey key = key(10L * i + length, length);
                    keys.add(key);
                    store.put(1, key, file(key));
                }
                store.sync();
            }
        }
        try (ImageStore reader = ImageStore.openReadOnly(folder)) {
            for (FileKey key : keys) {
                assertThat(reader.get(key)).isEqualTo(file(key));
            }
        }
    }

    @Test
    void openReadOnly_besideAWriter_readsWhatWasSyncedAlsoAfterItsFilesWereRewritten() {
        FileKey kept = key(0, BYTES);
        FileKey unsynced = key(1_000_000, BYTES);
        try (ImageStore store = ImageStore.open(folder)) {
            store.put(1, kept, file(kept));
            store.sync();
            try (ImageStore reader = ImageStore.openReadOnly(folder)) {
                store.put(1, unsynced, file(unsynced));
                assertThat(reader.lacking(List.of(kept, unsynced))).containsExactly(unsynced);
                for (int step = 2; step < 30; step++) { // the first blob file is rewritten by then
                    FileKey passing = key(step, BYTES);
                    store.put(step, passing, file(passing));
                    store.release(step, Set.of(kept));
                    store.sync();
                }
                assertThat(reader.get(kept)).isEqualTo(file(kept));
                assertThatThrownBy(() -> reader.put(1, kept, file(kept))).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    void open_whileOpen_saysThatItIsInUse() {
        try (ImageStore store = ImageStore.open(folder)) {
            assertThatThrownBy(() -> ImageStore.open(folder))
                    .isInstanceOf(UserException.class)
                    .hasMessageStartingWith("The image store in " + folder + " is in use by another Millrace.");
            assertThatCode(store::sync).doesNotThrowAnyException();
        }
    }

    @Test
    void get_closed_isRefused() {
        ImageStore store = ImageStore.open(folder);
        store.close();
        assertThatThrownBy(() -> store.get(key(1, 1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the image store in " + folder + " is closed");
    }

    /** Whether all files could be read, and then were right; false where the store refused. */
    private boolean readsOrRefuses(List<FileKey> keys) {
        try (ImageStore store = ImageStore.open(folder)) {
            for (FileKey key : keys) {
                assertThat(store.get(key)).isEqualTo(file(key));
            }
            assertThat(store.lacking(keys)).isEmpty();
            return true;
        } catch (UserException e) {
            assertThat(e).hasMessageContaining("The image store in " + folder);
            return false;
        }
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }

    private static FileKey key(long offset, int length) {
        ImageOffset at = new ImageOffset(2, offset);
        return FileKey.of(at, bytes(at, length));
    }

    private static byte[] file(FileKey key) {
        return bytes(key.at(), key.length());
    }

    private static byte[] bytes(ImageOffset at, int length) {
        byte[] bytes = new byte[length];
        RandomGeneratorFactory.of("L64X128MixRandom").create(at.offset()).nextBytes(bytes);
        return bytes;
    }
}
