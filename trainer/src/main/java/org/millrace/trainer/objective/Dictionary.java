package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.ImageOffset;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.KeyProvenance;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyWindow;

/**
 * The newest K keys as a tensor for the step, mirrored from the key store, which is the truth. Key number s (from 1) lies in row
 * (s − 1) mod K; rows that no key has reached yet hold random unit vectors, as in the official code. Not thread safe; the owner closes
 * it, but not the store.
 */
final class Dictionary implements AutoCloseable {
    /** Added to a logit, it leaves neither a probability nor a gradient. */
    private static final float NEVER = -1e9f;

    private final NDManager manager;
    private final KeyStore store;
    private final int capacity;
    private final int dimension;
    private final long seed;
    private final NDArray ring; // K×C
    private final long[] steps; // K: that encoded each row's key
    private final List<Optional<Segment>> segments; // K: of each row's image, where that is known

    /** Frames of one scene in a row, named by the first of them. */
    private record Segment(int partition, long first) {
        static Optional<Segment> of(ImageOffset image, OptionalLong first) {
            return first.isPresent()
                    ? Optional.of(new Segment(image.partition(), first.getAsLong()))
                    : Optional.empty();
        }
    }

    Dictionary(Torch torch, KeyStore store, int capacity, int dimension, long seed) {
        this.manager = torch.newManager();
        this.store = store;
        this.capacity = capacity;
        this.dimension = dimension;
        this.seed = seed;
        this.ring = manager.zeros(new Shape(capacity, dimension));
        this.steps = new long[capacity];
        this.segments = new ArrayList<>(Collections.nCopies(capacity, Optional.empty()));
        load();
    }

    /** All rows, K×C; the tensor itself, not a copy. */
    NDArray rows() {
        return ring;
    }

    /**
     * Appends keys (N×C unit rows) to the store and puts them over the oldest rows; the ring's end may lie inside the batch, and of
     * more than K keys the last K stay.
     *
     * @param known the offset of the first frame of each image's segment, N
     */
    void enqueue(NDArray keys, long step, List<ImageOffset> images, List<OptionalLong> known) {
        int count = images.size();
        int skipped = Math.max(0, count - capacity);
        int from = row(store.newestSequence() + 1 + skipped);
        store.append(new KeyBatch(step, dimension, keys.toFloatArray(), images, known));
        int end = Math.min(count, skipped + capacity - from);
        put(from, keys.get(skipped + ":" + end), step);
        if (end < count) {
            put(0, keys.get(end + ":" + count), step);
        }
        for (int i = skipped; i < count; i++) {
            segments.set((from + i - skipped) % capacity, Segment.of(images.get(i), known.get(i)));
        }
    }

    /** What is added to the logits of a batch's queries so that none is compared with keys of its own segment: N×K of 0 and −10⁹. */
    NDArray ownSegments(Batch batch, NDManager scope) {
        Map<Segment, Integer> numbers = new HashMap<>();
        int[] ofQueries = new int[batch.images().size()];
        for (int i = 0; i < ofQueries.length; i++) {
            ofQueries[i] = Segment.of(batch.images().get(i), batch.segments().get(i))
                    .map(segment -> numbers.computeIfAbsent(segment, missing -> numbers.size()))
                    .orElse(-1);
        }
        int[] ofKeys = new int[capacity];
        Arrays.setAll(
                ofKeys,
                row -> segments.get(row)
                        .map(own -> numbers.getOrDefault(own, -2))
                        .orElse(-2));
        NDArray queries = scope.create(ofQueries, new Shape(ofQueries.length, 1)); // N×1
        NDArray keys = scope.create(ofKeys, new Shape(1, capacity)); // 1×K
        return queries.eq(keys).toType(DataType.FLOAT32, false).muli(NEVER);
    }

    /** The rows of {@code count} keys as they are now, the last of which has that sequence number; those that left it are absent. */
    BankRows rows(long last, int count, NDManager scope) {
        float[] found = new float[count * dimension]; // count×C
        int[] places = new int[count];
        int absent = Math.toIntExact(Math.min(count, Math.max(0, sequence() - capacity - last + count)));
        Arrays.fill(places, 0, absent, BankRows.ABSENT);
        for (int i = absent; i < count; i++) {
            places[i] = row(last - count + 1 + i);
        }
        for (int from = absent; from < count; ) { // in one piece, or in two around the ring's end
            int size = Math.min(count - from, capacity - places[from]);
            NDArray piece = ring.get(places[from] + ":" + (places[from] + size));
            piece.attach(scope);
            System.arraycopy(piece.toFloatArray(), 0, found, from * dimension, size * dimension);
            from += size;
        }
        return new BankRows(dimension, found, places);
    }

    /** The steps that encoded the keys, in any order. */
    long[] steps() {
        return Arrays.copyOf(steps, (int) filled());
    }

    void restore(long sequence) {
        store.truncateAfter(sequence);
        load();
    }

    long sequence() {
        return store.newestSequence();
    }

    long filled() {
        return Math.min(capacity, store.newestSequence());
    }

    @Override
    public void close() {
        manager.close();
    }

    private void put(int from, NDArray rows, long step) {
        int to = from + (int) rows.getShape().get(0);
        ring.set(new NDIndex(from + ":" + to), rows);
        Arrays.fill(steps, from, to, step);
    }

    private void load() {
        float[] rows = randomUnitRows();
        Collections.fill(segments, Optional.empty());
        KeyWindow newest = store.newest(capacity);
        int row = row(store.newestSequence() - newest.size() + 1);
        for (int i = 0; i < newest.size(); i++) {
            System.arraycopy(newest.keys(), i * dimension, rows, row * dimension, dimension);
            KeyProvenance from = newest.provenance().get(i);
            steps[row] = from.step();
            segments.set(row, Segment.of(from.image(), from.segment()));
            row = (row + 1) % capacity;
        }
        InPlace.overwrite(ring, rows);
    }

    private int row(long sequence) {
        return (int) Math.floorMod(sequence - 1, (long) capacity);
    }

    private float[] randomUnitRows() {
        CounterRandom random = CounterRandom.of(seed, 0, CounterRandom.Purpose.QUEUE, 0);
        float[] rows = new float[capacity * dimension];
        double[] row = new double[dimension];
        for (int i = 0; i < capacity; i++) {
            Arrays.setAll(row, j -> random.nextGaussian());
            double norm = Math.sqrt(Arrays.stream(row).map(x -> x * x).sum());
            for (int j = 0; j < dimension; j++) {
                rows[i * dimension + j] = (float) (row[j] / norm);
            }
        }
        return rows;
    }
}
