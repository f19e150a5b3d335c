package org.millrace.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.keystore.TestKeys.SETTINGS;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageOffset;

/** The store on disk and the one in memory do the same under any sequence of changes. */
final class KeyStoreEquivalenceTest {
    private static final int ACTIONS = 400;

    @TempDir
    Path folder;

    @Test
    void anyChanges_storeOnDisk_agreesWithTheOneInMemory() {
        long seed = System.nanoTime();
        System.out.println("anyChanges_storeOnDisk_agreesWithTheOneInMemory seed " + seed);
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        KeyStore disk = SETTINGS.open(folder);
        KeyStore heap = SETTINGS.openInMemory();
        try {
            for (int action = 0; action < ACTIONS; action++) {
                switch (random.nextInt(16)) {
                    case 0 -> {
                        disk.close();
                        disk = SETTINGS.open(folder);
                    }
                    case 1, 2 -> {
                        long oldest =
                                heap.newestSequence() - heap.statistics(0, 0).storedKeys();
                        long sequence =
                                random.nextInt(20) == 0 ? 0 : random.nextLong(oldest, heap.newestSequence() + 1);
                        disk.truncateAfter(sequence);
                        heap.truncateAfter(sequence);
                    }
                    case 3, 4 -> {
                        long sequence = random.nextLong(heap.newestSequence() + 2);
                        if (random.nextBoolean()) {
                            sequence = Math.max(0, heap.newestSequence() - 20);
                        }
                        disk.releaseBefore(sequence);
                        heap.releaseBefore(sequence);
                    }
                    case 5 -> disk.sync();
                    default -> {
                        KeyBatch batch = randomBatch(action, random);
                        assertThat(disk.append(batch)).isEqualTo(heap.append(batch));
                    }
                }
                assertAgree(disk, heap, random.nextInt(30), action);
            }
        } finally {
            disk.close();
            heap.close();
        }
    }

    private static KeyBatch randomBatch(long step, RandomGenerator random) {
        int count = random.nextInt(1, 7);
        float[] keys = new float[count * TestKeys.DIMENSION];
        for (int index = 0; index < keys.length; index++) {
            keys[index] = random.nextFloat();
        }
        List<ImageOffset> images = IntStream.range(0, count)
                .mapToObj(row -> new ImageOffset(random.nextInt(2), random.nextInt(10)))
                .toList();
        boolean segments = random.nextBoolean();
        List<OptionalLong> first = images.stream()
                .map(image -> segments && random.nextInt(4) > 0
                        ? OptionalLong.of(random.nextLong(image.offset() + 1))
                        : OptionalLong.empty())
                .toList();
        return new KeyBatch(step, TestKeys.DIMENSION, keys, images, first);
    }

    private static void assertAgree(KeyStore disk, KeyStore heap, int count, int action) {
        assertThat(disk.newestSequence()).as("action %d", action).isEqualTo(heap.newestSequence());
        KeyWindow window = disk.newest(count);
        assertThat(window.keys())
                .as("action %d", action)
                .isEqualTo(heap.newest(count).keys());
        assertThat(window.provenance()).isEqualTo(heap.newest(count).provenance());
        KeyStatistics statistics = disk.statistics(count, action);
        assertThat(statistics)
                .usingRecursiveComparison()
                .ignoringFields("diskBytes")
                .isEqualTo(heap.statistics(count, action));
    }
}
