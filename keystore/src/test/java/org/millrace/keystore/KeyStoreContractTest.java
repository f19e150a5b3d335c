package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.millrace.keystore.TestKeys.DIMENSION;
import static org.millrace.keystore.TestKeys.SETTINGS;
import static org.millrace.keystore.TestKeys.append;
import static org.millrace.keystore.TestKeys.batch;
import static org.millrace.keystore.TestKeys.image;
import static org.millrace.keystore.TestKeys.number;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.millrace.contract.UserException;
import org.millrace.keystore.KeyStatistics.AgeBucket;
import org.millrace.keystore.disk.DamagedStoreException;

/** What every store promises; run on the one on disk and on the one in memory. */
abstract class KeyStoreContractTest {
    private KeyStore store;

    /** A new, empty store. */
    abstract KeyStore open(KeyStoreSettings settings);

    /** The same store after its process has ended and begun again; where that has no meaning, the same. */
    abstract KeyStore reopen(KeyStore open, KeyStoreSettings settings);

    @BeforeEach
    void openEmpty() {
        store = open(SETTINGS);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void newest_emptyStore_hasNoKeys() {
        assertThat(store.newestSequence()).isZero();
        assertThat(store.newest(8).size()).isZero();
        assertThat(store.newest(8).dimension()).isEqualTo(DIMENSION);
        assertThat(store.statistics(8, 5).ages()).isEmpty();
        assertThat(store.statistics(8, 5).oldestStep()).isEqualTo(-1);
    }

    @Test
    void append_severalBatches_numbersKeysFromOne() {
        assertThat(append(store, 0, 4)).isEqualTo(4);
        assertThat(append(store, 1, 2)).isEqualTo(6);
        assertThat(store.newestSequence()).isEqualTo(6);
        assertHolds(store.newest(100), 1, 6);
    }

    @Test
    void beginAfter_emptyStore_numbersKeysFromThere() {
        store.beginAfter(40);
        assertThat(store.newestSequence()).isEqualTo(40);
        assertThat(store.newest(8).size()).isZero();
        store = reopen(store, SETTINGS);
        assertThat(store.append(batch(7, 40, 4))).isEqualTo(44);
        assertHolds(store.newest(8), 41, 44);
        store.truncateAfter(42);
        assertHolds(store.newest(8), 41, 42);
        store.releaseBefore(42);
        assertThat(store.newestSequence()).isEqualTo(42);
    }

    @Test
    void beginAfter_storeWithKeys_isRefused() {
        append(store, 0, 4);
        assertThatThrownBy(() -> store.beginAfter(9))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("only an empty key store can begin after key 9, but this one has reached key 4");
        assertHolds(store.newest(9), 1, 4);
    }

    @Test
    void newest_acrossBatches_cutsTheOldestOne() {
        append(store, 0, 4);
        append(store, 1, 4);
        append(store, 2, 3);
        assertHolds(store.newest(0), 12, 11);
        assertHolds(store.newest(2), 10, 11);
        assertHolds(store.newest(3), 9, 11);
        assertHolds(store.newest(8), 4, 11);
        assertThat(store.newest(8).provenance())
                .extracting(KeyProvenance::step)
                .containsExactly(0L, 1L, 1L, 1L, 1L, 2L, 2L, 2L);
    }

    @Test
    void append_pastCapacity_newestDropsOldest() {
        for (int step = 0; step < 50; step++) {
            append(store, step, 4);
        }
        assertHolds(store.newest(SETTINGS.capacity()), 193, 200);
    }

    @Test
    void append_arrayChangedAfterwards_storeUnchanged() {
        KeyBatch batch = batch(0, 0, 2);
        store.append(batch);
        Arrays.fill(batch.keys(), -1);
        assertHolds(store.newest(2), 1, 2);
    }

    @Test
    void append_wrongDimension_isRefusedAndNothingChanges() {
        append(store, 0, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.append(batch(1, 2, 2, DIMENSION + 1)))
                .withMessage("keys must have the dimension of the key store (3), but had 4");
        assertHolds(store.newest(9), 1, 2);
    }

    @Test
    void truncateAfter_betweenBatches_dropsTheLaterOnes() {
        append(store, 0, 4);
        append(store, 1, 4);
        store.truncateAfter(4);
        assertThat(store.newestSequence()).isEqualTo(4);
        assertHolds(store.newest(9), 1, 4);
    }

    @Test
    void truncateAfter_inMidBatch_keepsItsBeginningAndGoesOn() {
        append(store, 0, 4);
        append(store, 1, 4);
        append(store, 2, 4);
        store.truncateAfter(6);
        assertHolds(store.newest(9), 1, 6);
        assertThat(steps(store.newest(2))).containsExactly(1L, 1L);

        assertThat(append(store, 7, 4)).isEqualTo(10);
        store = reopen(store, SETTINGS);
        assertHolds(store.newest(8), 3, 10);
        assertThat(steps(store.newest(5))).containsExactly(1L, 7L, 7L, 7L, 7L);
    }

    @Test
    void truncateAfter_newest_changesNothing() {
        append(store, 0, 4);
        store.truncateAfter(4);
        assertHolds(store.newest(9), 1, 4);
    }

    @Test
    void truncateAfter_zero_emptiesTheStore() {
        append(store, 0, 4);
        append(store, 1, 4);
        store.releaseBefore(5);
        store.truncateAfter(0);
        assertThat(store.newestSequence()).isZero();
        assertThat(store.newest(9).size()).isZero();
        assertThat(append(store, 0, 2)).isEqualTo(2);
        assertHolds(store.newest(9), 1, 2);
    }

    @Test
    void truncateAfter_beyondNewest_isDamage() {
        append(store, 0, 4);
        assertThatThrownBy(() -> store.truncateAfter(5))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageContaining("damaged at key 5: expected that key, but found that the store ends at key 4");
        assertHolds(store.newest(9), 1, 4);
    }

    @Test
    void truncateAfter_releasedKey_isRefused() {
        append(store, 0, 4);
        append(store, 1, 4);
        store.releaseBefore(5);
        assertThatThrownBy(() -> store.truncateAfter(3))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("cannot go back to key 3: its oldest key is 5");
        store.truncateAfter(4);
        assertThat(store.newestSequence()).isEqualTo(4);
        assertThat(store.newest(9).size()).isZero();
    }

    @Test
    void releaseBefore_inMidBatch_keepsThatBatch() {
        append(store, 0, 4);
        append(store, 1, 4);
        append(store, 2, 4);
        store.releaseBefore(8);
        assertHolds(store.newest(100), 5, 12);
        assertThat(store.statistics(4, 2).storedKeys()).isEqualTo(8);
        store.releaseBefore(-100);
        store.releaseBefore(5);
        assertHolds(store.newest(100), 5, 12);
    }

    @Test
    void releaseBefore_allKeys_keepsTheSequence() {
        append(store, 0, 4);
        store.releaseBefore(5);
        store = reopen(store, SETTINGS);
        assertThat(store.newestSequence()).isEqualTo(4);
        assertThat(store.newest(9).size()).isZero();
        assertThat(append(store, 1, 4)).isEqualTo(8);
        assertHolds(store.newest(9), 5, 8);
    }

    @Test
    void releaseBefore_keysToCome_isRefused() {
        append(store, 0, 4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.releaseBefore(6))
                .withMessage("sequence must be at most 5, but was 6");
    }

    @Test
    void reopen_afterAppends_keepsEverything() {
        append(store, 0, 4);
        append(store, 1, 4);
        store = reopen(store, SETTINGS);
        assertThat(store.newestSequence()).isEqualTo(8);
        assertHolds(store.newest(8), 1, 8);
        append(store, 2, 4);
        store.sync();
        store = reopen(store, SETTINGS);
        assertHolds(store.newest(8), 5, 12);
    }

    @Test
    void statistics_partlyFilled_describesTheNewestKeys() {
        append(store, 3, 4);
        append(store, 5, 2);
        KeyStatistics statistics = store.statistics(8, 6);
        assertThat(statistics.topic()).isEqualTo("images");
        assertThat(statistics.capacity()).isEqualTo(8);
        assertThat(statistics.fill()).isEqualTo(6);
        assertThat(statistics.dimension()).isEqualTo(DIMENSION);
        assertThat(statistics.oldestStep()).isEqualTo(3);
        assertThat(statistics.newestStep()).isEqualTo(5);
        assertThat(statistics.storedKeys()).isEqualTo(6);
        assertThat(statistics.newestSequence()).isEqualTo(6);
        assertThat(statistics.ages())
                .containsExactly(
                        new AgeBucket(0, 1, 0), new AgeBucket(1, 2, 2), new AgeBucket(2, 3, 0), new AgeBucket(3, 4, 4));
    }

    @Test
    void statistics_overfull_countsOnlyTheCapacity() {
        for (int step = 0; step < 25; step++) {
            append(store, step, 4);
        }
        KeyStatistics statistics = store.statistics(90, 24);
        assertThat(statistics.fill()).isEqualTo(90);
        assertThat(statistics.storedKeys()).isEqualTo(100);
        assertThat(statistics.oldestStep()).isEqualTo(2);
        assertThat(statistics.ages()).hasSize(8).startsWith(new AgeBucket(0, 3, 12), new AgeBucket(3, 6, 12));
        assertThat(statistics.ages()).endsWith(new AgeBucket(21, 24, 6));
    }

    @Test
    void statistics_currentStepBehind_countsAgesFromTheNewestKey() {
        append(store, 7, 4);
        assertThat(store.statistics(8, 0).ages()).containsExactly(new AgeBucket(0, 1, 4));
    }

    @Test
    void newest_anyKey_hasItsOrigin() {
        append(store, 3, 4);
        append(store, 5, 2);
        List<KeyProvenance> origins = store.newest(6).provenance();
        for (int sequence = 1; sequence <= 6; sequence++) {
            assertThat(origins.get(sequence - 1))
                    .isEqualTo(new KeyProvenance(sequence, sequence <= 4 ? 3 : 5, image(sequence)));
        }
    }

    private static List<Long> steps(KeyWindow window) {
        return window.provenance().stream().map(KeyProvenance::step).toList();
    }

    /** Asserts that the window is keys {@code first} to {@code last}, with the right numbers and images. */
    static void assertHolds(KeyWindow window, long first, long last) {
        assertThat(window.provenance())
                .extracting(KeyProvenance::sequence)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(first, last).boxed().toList());
        for (int row = 0; row < window.size(); row++) {
            long sequence = first + row;
            assertThat(window.provenance().get(row).image()).isEqualTo(image(sequence));
            for (int column = 0; column < window.dimension(); column++) {
                assertThat(window.keys()[row * window.dimension() + column]).isEqualTo(number(sequence, column));
            }
        }
    }
}
