package org.millrace.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.millrace.contract.CounterRandom;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.MemoryBank;
import org.millrace.keystore.MemoryBankSettings;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a step of 128 images and 4,096 negatives costs a memory bank of 65,536 × 128 on disk: {@code bench/run jmh
 * MemoryBankBenchmark}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 3)
@Fork(1)
public class MemoryBankBenchmark {
    private static final int CAPACITY = 65_536;
    private static final int DIMENSION = 128;
    private static final int BATCH = 128;
    private static final int NEGATIVES = 4096;

    private final CounterRandom random = CounterRandom.of(1, 1, CounterRandom.Purpose.SHUFFLE, 0);
    private Path folder = Path.of("");
    private MemoryBank bank = new MemoryBankSettings("images", DIMENSION, CAPACITY).openInMemory();
    private long step;

    @Setup(Level.Trial)
    public void fill() throws IOException {
        folder = Files.createTempDirectory("memory-bank");
        bank = new MemoryBankSettings("images", DIMENSION, CAPACITY).open(folder);
        for (int first = 0; first < CAPACITY; first += BATCH) {
            write(IntStream.range(first, first + BATCH).toArray());
        }
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        bank.close();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(MemoryBankBenchmark::delete);
        }
    }

    /** Old rows of the batch, then its new ones to disk; as with a checkpoint each 200 steps. */
    @Benchmark
    public BankRows readAndUpdate() {
        int[] images =
                IntStream.generate(() -> random.nextInt(CAPACITY)).limit(BATCH).toArray();
        BankRows rows = bank.rows(ids(images));
        write(images);
        if (step % 200 == 0) {
            bank.sync();
            bank.releaseBefore(Math.max(0, bank.newestSequence() - 600L * BATCH));
        }
        return rows;
    }

    @Benchmark
    public float[] negatives() {
        int size = bank.size();
        return bank.rows(
                IntStream.generate(() -> random.nextInt(size)).limit(NEGATIVES).toArray());
    }

    private void write(int[] images) {
        float[] rows = new float[images.length * DIMENSION];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = i * 0.001f;
        }
        bank.update(ids(images), new KeyBatch(step++, DIMENSION, rows, MemoryBatch.images(images.length)));
    }

    private static List<ImageId> ids(int[] images) {
        List<ImageId> ids = new ArrayList<>(images.length);
        for (int image : images) {
            ids.add(new ImageId(ByteBuffer.allocate(Integer.BYTES).putInt(image).array()));
        }
        return ids;
    }

    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
