package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.millrace.keystore.TestBank.DIMENSION;
import static org.millrace.keystore.TestBank.SETTINGS;
import static org.millrace.keystore.TestBank.assertHolds;
import static org.millrace.keystore.TestBank.batch;
import static org.millrace.keystore.TestBank.id;
import static org.millrace.keystore.TestBank.ids;
import static org.millrace.keystore.TestBank.update;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.millrace.contract.UserException;
import org.millrace.keystore.disk.DamagedStoreException;

/** What every memory bank promises; run on the one on disk and on the one in memory. */
abstract class MemoryBankContractTest {
    private MemoryBank bank;

    /** A new, empty bank. */
    abstract MemoryBank open(MemoryBankSettings settings);

    /** The same bank after its process has ended and begun again; where that has no meaning, the same. */
    abstract MemoryBank reopen(MemoryBank open, MemoryBankSettings settings);

    @BeforeEach
    void openEmpty() {
        bank = open(SETTINGS);
    }

    @AfterEach
    void close() {
        bank.close();
    }

    @Test
    void rows_emptyBank_allAbsent() {
        assertThat(bank.size()).isZero();
        assertThat(bank.newestSequence()).isZero();
        BankRows rows = bank.rows(ids("a", "b"));
        assertThat(rows.slots()).containsExactly(BankRows.ABSENT, BankRows.ABSENT);
        assertThat(rows.isPresent(0)).isFalse();
        assertThat(rows.rows()).containsOnly(0).hasSize(2 * DIMENSION);
        assertThat(bank.rows(new int[0])).isEmpty();
        assertThat(bank.find(id("a"))).isEmpty();
        assertThat(bank.steps()).isEmpty();
        assertThat(bank.settings()).isEqualTo(SETTINGS);
    }

    @Test
    void update_newImages_slotsInOrderOfFirstAppearance() {
        assertThat(update(bank, 1, "c", "a")).isEqualTo(2);
        assertThat(update(bank, 2, "b", "a")).isEqualTo(4);
        assertHolds(bank, "c", 1, "a", 4, "b", 3);
        assertThat(bank.find(id("a")).orElseThrow().step()).isEqualTo(2);
        assertThat(bank.find(id("c")).orElseThrow().step()).isEqualTo(1);
        bank = reopen(bank, SETTINGS);
        assertThat(bank.steps()).containsExactly(1, 2, 2);
        assertHolds(bank, "c", 1, "a", 4, "b", 3);
        assertThat(bank.newestSequence()).isEqualTo(4);
    }

    @Test
    void rows_someAbsent_inTheOrderAskedFor() {
        update(bank, 1, "a", "b");
        BankRows rows = bank.rows(ids("b", "x", "a", "b"));
        assertThat(rows.slots()).containsExactly(1, BankRows.ABSENT, 0, 1);
        assertThat(rows.rows())
                .containsExactly(
                        2, 2 + 1 / 8f, 2 + 2 / 8f, 0, 0, 0, 1, 1 + 1 / 8f, 1 + 2 / 8f, 2, 2 + 1 / 8f, 2 + 2 / 8f);
    }

    @Test
    void rows_slotTwice_givenTwice() {
        update(bank, 1, "a", "b");
        assertThat(bank.rows(new int[] {1, 0, 1}))
                .containsExactly(2, 2 + 1 / 8f, 2 + 2 / 8f, 1, 1 + 1 / 8f, 1 + 2 / 8f, 2, 2 + 1 / 8f, 2 + 2 / 8f);
    }

    @Test
    void rows_slotThatIsNotTaken_isRefused() {
        update(bank, 1, "a", "b");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> bank.rows(new int[] {2}))
                .withMessage("a slot must be in [0, 2), but was 2");
        assertThatIllegalArgumentException().isThrownBy(() -> bank.rows(new int[] {-1}));
    }

    @Test
    void rows_arraysChangedAfterwards_bankUnchanged() {
        KeyBatch batch = batch(1, 0, 2, DIMENSION);
        bank.update(ids("a", "b"), batch);
        Arrays.fill(batch.keys(), -1);
        Arrays.fill(bank.rows(ids("a")).rows(), -1);
        Arrays.fill(bank.rows(new int[] {0}), -1);
        assertHolds(bank, "a", 1, "b", 2);
    }

    @Test
    void update_imageTwiceInAStep_lastOneStays() {
        assertThat(update(bank, 1, "a", "b", "a")).isEqualTo(3);
        assertHolds(bank, "a", 3, "b", 2);
        bank.truncateAfter(2);
        assertHolds(bank, "a", 1, "b", 2);
    }

    @Test
    void update_pastCapacity_slotWrittenLongestAgoIsTaken() {
        update(bank, 1, "a", "b", "c", "d");
        update(bank, 2, "a");
        update(bank, 3, "e"); // b is the oldest
        assertHolds(bank, "a", 5, "e", 6, "c", 3, "d", 4);
        assertThat(bank.find(id("b"))).isEmpty();
        bank = reopen(bank, SETTINGS);
        update(bank, 4, "b", "f"); // then c and d
        assertHolds(bank, "a", 5, "e", 6, "b", 7, "f", 8);
        assertThat(bank.rows(ids("c", "d")).slots()).containsOnly(BankRows.ABSENT);
    }

    @Test
    void update_wholeCapacityOfNewImages_takesEverySlot() {
        update(bank, 1, "a", "b", "c", "d");
        update(bank, 2, "e", "f", "g", "h");
        assertHolds(bank, "e", 5, "f", 6, "g", 7, "h", 8);
        bank.truncateAfter(4);
        assertHolds(bank, "a", 1, "b", 2, "c", 3, "d", 4);
    }

    @Test
    void update_wrongBatch_isRefusedAndNothingChanges() {
        update(bank, 1, "a");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> bank.update(ids("b"), batch(2, 1, 1, DIMENSION + 1)))
                .withMessage("rows must have the dimension of the memory bank (3), but had 4");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> bank.update(ids("b"), batch(2, 1, 2, DIMENSION)))
                .withMessage("there must be an image id for each of 2 rows, but were 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> update(bank, 2, "b", "c", "d", "e", "f"))
                .withMessage("a step must have at most as many rows as the memory bank (4), but had 5");
        assertHolds(bank, "a", 1);
        assertThat(bank.newestSequence()).isEqualTo(1);
    }

    @Test
    void truncateAfter_overwrittenRows_comeBackWithTheirOrigin() {
        update(bank, 1, "a", "b");
        update(bank, 2, "b", "c");
        update(bank, 3, "a", "b", "c");
        bank.truncateAfter(4);
        assertHolds(bank, "a", 1, "b", 3, "c", 4);
        assertThat(bank.find(id("b")).orElseThrow().step()).isEqualTo(2);
        bank.truncateAfter(2);
        assertHolds(bank, "a", 1, "b", 2);
        assertThat(bank.newestSequence()).isEqualTo(2);
        bank = reopen(bank, SETTINGS);
        assertHolds(bank, "a", 1, "b", 2);
        assertThat(update(bank, 2, "x")).isEqualTo(3);
        assertHolds(bank, "a", 1, "b", 2, "x", 3);
    }

    @Test
    void truncateAfter_imagesThatGaveUpTheirSlot_comeBackInTheSameOrderOfAge() {
        update(bank, 1, "a", "b", "c", "d");
        update(bank, 2, "c", "a"); // b, d, c, a by age
        update(bank, 3, "e", "f", "a");
        assertHolds(bank, "a", 9, "e", 7, "c", 5, "f", 8);
        bank.truncateAfter(6);
        assertHolds(bank, "a", 6, "b", 2, "c", 5, "d", 4);
        update(bank, 3, "g");
        assertHolds(bank, "a", 6, "g", 7, "c", 5, "d", 4);
        update(bank, 4, "h");
        assertHolds(bank, "a", 6, "g", 7, "c", 5, "h", 8);
    }

    @Test
    void truncateAfter_inMidStep_keepsItsBeginning() {
        update(bank, 1, "a", "b");
        update(bank, 2, "b", "a", "c");
        bank.truncateAfter(3);
        assertHolds(bank, "a", 1, "b", 3);
        bank = reopen(bank, SETTINGS);
        bank.truncateAfter(2);
        assertHolds(bank, "a", 1, "b", 2);
    }

    @Test
    void truncateAfter_newest_changesNothing() {
        update(bank, 1, "a", "b");
        bank.truncateAfter(2);
        assertHolds(bank, "a", 1, "b", 2);
    }

    @Test
    void truncateAfter_zero_emptiesEvenAReleasedBank() {
        update(bank, 1, "a", "b", "c");
        update(bank, 2, "a");
        bank.releaseBefore(4);
        bank.truncateAfter(0);
        assertThat(bank.size()).isZero();
        assertThat(bank.newestSequence()).isZero();
        assertThat(bank.find(id("a"))).isEmpty();
        bank = reopen(bank, SETTINGS);
        assertThat(update(bank, 1, "z")).isEqualTo(1);
        assertHolds(bank, "z", 1);
    }

    @Test
    void truncateAfter_beyondNewest_isDamage() {
        update(bank, 1, "a", "b");
        assertThatThrownBy(() -> bank.truncateAfter(3))
                .isInstanceOf(DamagedStoreException.class)
                .hasMessageContaining(
                        "damaged at write 3: expected that write, but found that the bank ends at write 2");
        assertHolds(bank, "a", 1, "b", 2);
    }

    @Test
    void truncateAfter_released_isRefused() {
        update(bank, 1, "a", "b");
        update(bank, 2, "a", "b");
        update(bank, 3, "c");
        bank.releaseBefore(4);
        assertThatThrownBy(() -> bank.truncateAfter(2))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("cannot go back to write 2: it can go back to write 4");
        bank = reopen(bank, SETTINGS);
        assertThatThrownBy(() -> bank.truncateAfter(3)).isInstanceOf(UserException.class);
        bank.truncateAfter(4);
        assertHolds(bank, "a", 3, "b", 4);
    }

    @Test
    void releaseBefore_inMidStep_keepsTheWayBackIntoIt() {
        update(bank, 1, "a", "b");
        update(bank, 2, "a", "b");
        bank.releaseBefore(3);
        bank.releaseBefore(-5);
        bank.releaseBefore(1);
        bank.truncateAfter(3);
        assertHolds(bank, "a", 3, "b", 2);
        bank.truncateAfter(2);
        assertHolds(bank, "a", 1, "b", 2);
        assertThatThrownBy(() -> bank.truncateAfter(1)).isInstanceOf(UserException.class);
    }

    @Test
    void releaseBefore_writesToCome_isRefused() {
        update(bank, 1, "a");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> bank.releaseBefore(2))
                .withMessage("sequence must be at most 1, but was 2");
    }

    @Test
    void update_idsOfAnyBytes_areKept() {
        ImageId longest = new ImageId(new byte[ImageId.MOST_BYTES]);
        ImageId binary = new ImageId(new byte[] {0, -1, 10});
        bank.update(java.util.List.of(longest, binary), batch(1, 0, 2, DIMENSION));
        bank = reopen(bank, SETTINGS);
        assertThat(bank.rows(java.util.List.of(binary, longest)).slots()).containsExactly(1, 0);
    }
}
