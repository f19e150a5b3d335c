package org.millrace.keystore;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What the writes {@code first}, {@code first} + 1, … of one step replaced, in their order. */
record UndoBatch(long first, List<Replaced> replaced) {
    /** What a slot held before a write; nothing where the slot was new. */
    record Replaced(int slot, Optional<BankRow> before) {}

    UndoBatch {
        replaced = List.copyOf(replaced);
    }

    /** The sequence number of the last write. */
    long last() {
        return first + replaced.size() - 1;
    }

    /** The slots that were written, each once. */
    Set<Integer> slots() {
        return replaced.stream().map(Replaced::slot).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The same without the writes after {@code sequence}, which stay as they are. */
    UndoBatch upTo(long sequence) {
        return sequence >= last() ? this : new UndoBatch(first, replaced.subList(0, (int) (sequence - first + 1)));
    }

    /** Only the writes after {@code sequence}. */
    UndoBatch after(long sequence) {
        return sequence < first
                ? this
                : new UndoBatch(sequence + 1, replaced.subList((int) (sequence - first + 1), replaced.size()));
    }
}
