package org.millrace.keystore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.millrace.contract.ImageOffset;

/** Rows whose numbers tell the write that they come from, so that a wrong one is seen. */
final class TestBank {
    static final int DIMENSION = 3;
    static final MemoryBankSettings SETTINGS = new MemoryBankSettings("images", DIMENSION, 4);

    private TestBank() {}

    static ImageId id(String name) {
        return new ImageId(name.getBytes(UTF_8));
    }

    static List<ImageId> ids(String... names) {
        return Stream.of(names).map(TestBank::id).toList();
    }

    /** Writes a row for each image; the row of write n is n, n + 1/8, n + 2/8 and its place 1/(10 n). */
    static long update(MemoryBank bank, long step, String... names) {
        return bank.update(ids(names), batch(step, bank.newestSequence(), names.length, DIMENSION));
    }

    static KeyBatch batch(long step, long newest, int count, int dimension) {
        return TestKeys.batch(step, newest, count, dimension);
    }

    /** Asserts that the bank's slots hold exactly these images, from these writes. */
    static void assertHolds(MemoryBank bank, Object... nameAndWrite) {
        List<ImageId> images = new ArrayList<>();
        List<Long> writes = new ArrayList<>();
        for (int i = 0; i < nameAndWrite.length; i += 2) {
            images.add(id((String) nameAndWrite[i]));
            writes.add(((Number) nameAndWrite[i + 1]).longValue());
        }
        assertThat(bank.size()).isEqualTo(images.size());
        BankRows rows = bank.rows(images);
        int[] slots = new int[images.size()];
        for (int slot = 0; slot < slots.length; slot++) {
            slots[slot] = slot;
            long write = writes.get(slot);
            assertThat(rows.slots()[slot])
                    .as("slot of %s", nameAndWrite[2 * slot])
                    .isEqualTo(slot);
            for (int column = 0; column < DIMENSION; column++) {
                assertThat(rows.rows()[slot * DIMENSION + column])
                        .as("%s[%d]", nameAndWrite[2 * slot], column)
                        .isEqualTo(TestKeys.number(write, column));
            }
            KeyProvenance origin = bank.find(images.get(slot)).orElseThrow();
            assertThat(origin.sequence()).isEqualTo(write);
            assertThat(origin.image()).isEqualTo(new ImageOffset(1, 10 * write));
        }
        assertThat(bank.rows(slots)).isEqualTo(rows.rows());
    }
}
