package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageOffset;

/** The bank on disk and the one in memory do the same under any sequence of changes, and go back to what they were. */
final class MemoryBankEquivalenceTest {
    private static final int ACTIONS = 500;
    private static final MemoryBankSettings SETTINGS = new MemoryBankSettings("images", 3, 7);
    private static final List<ImageId> ALL =
            IntStream.range(0, 12).mapToObj(i -> TestBank.id("image-" + i)).toList();

    @TempDir
    Path folder;

    /** Everything that can be seen of a bank. */
    private record State(int size, List<Integer> slots, List<Float> rows, List<Optional<KeyProvenance>> origins) {
        static State of(MemoryBank bank) {
            BankRows rows = bank.rows(ALL);
            return new State(
                    bank.size(),
                    IntStream.of(rows.slots()).boxed().toList(),
                    IntStream.range(0, rows.rows().length)
                            .mapToObj(i -> rows.rows()[i])
                            .toList(),
                    ALL.stream().map(bank::find).toList());
        }
    }

    @Test
    void anyChanges_bankOnDisk_agreesWithTheOneInMemoryAndGoesBackExactly() {
        long seed = System.nanoTime();
        System.out.println("anyChanges_bankOnDisk_agreesWithTheOneInMemoryAndGoesBackExactly seed " + seed);
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        NavigableMap<Long, State> past = new TreeMap<>(); // by sequence number, as far back as the bank can go
        MemoryBank disk = SETTINGS.open(folder);
        MemoryBank heap = SETTINGS.openInMemory();
        past.put(0L, State.of(heap));
        try {
            for (int action = 0; action < ACTIONS; action++) {
                switch (random.nextInt(16)) {
                    case 0 -> {
                        disk.close();
                        disk = SETTINGS.open(folder);
                    }
                    case 1, 2, 3 -> {
                        List<Long> reachable = new ArrayList<>(past.keySet());
                        long sequence = reachable.get(random.nextInt(reachable.size()));
                        disk.truncateAfter(sequence);
                        heap.truncateAfter(sequence);
                        past.tailMap(sequence, false).clear();
                    }
                    case 4 -> {
                        long sequence = random.nextLong(heap.newestSequence() + 1);
                        disk.releaseBefore(sequence);
                        heap.releaseBefore(sequence);
                        past.subMap(0L, false, sequence, false).clear(); // to 0 it can always go
                    }
                    case 5 -> disk.sync();
                    default -> {
                        int count = random.nextInt(1, 7);
                        List<ImageId> images = Stream.generate(() -> ALL.get(random.nextInt(ALL.size())))
                                .limit(count)
                                .toList();
                        KeyBatch rows = randomRows(action, count, random);
                        assertThat(disk.update(images, rows)).isEqualTo(heap.update(images, rows));
                        past.put(heap.newestSequence(), State.of(heap));
                    }
                }
                State state = State.of(disk);
                assertThat(state).as("action %d", action).isEqualTo(State.of(heap));
                assertThat(state).as("action %d", action).isEqualTo(past.get(heap.newestSequence()));
                assertThat(disk.newestSequence()).isEqualTo(heap.newestSequence());
                assertThat(state.slots().stream().filter(slot -> slot >= 0).sorted())
                        .containsExactlyElementsOf(
                                IntStream.range(0, state.size()).boxed().toList());
            }
        } finally {
            disk.close();
            heap.close();
        }
    }

    private static KeyBatch randomRows(long step, int count, RandomGenerator random) {
        float[] rows = new float[count * SETTINGS.dimension()];
        for (int index = 0; index < rows.length; index++) {
            rows[index] = random.nextFloat();
        }
        List<ImageOffset> images = IntStream.range(0, count)
                .mapToObj(row -> new ImageOffset(random.nextInt(2), random.nextInt(10)))
                .toList();
        return new KeyBatch(step, SETTINGS.dimension(), rows, images);
    }
}
