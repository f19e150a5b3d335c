package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The counterpart on the heap of the store on disk: for tests, and for runs that need not survive. */
final class InMemoryKeyStore implements KeyStore {
    private static final String NAME = "in memory";

    private final NavigableMap<Long, StoredBatch> batches = new TreeMap<>(); // by the sequence number of the last key
    private StorePosition position;

    InMemoryKeyStore(KeyStoreSettings settings) {
        position = StorePosition.empty(settings);
    }

    @Override
    public void beginAfter(long sequence) {
        position = position.beginAfter(sequence);
    }

    @Override
    public long append(KeyBatch batch) {
        StorePosition next = position.append(batch);
        KeyBatch copy =
                new KeyBatch(batch.step(), batch.dimension(), batch.keys().clone(), batch.images(), batch.segments());
        batches.put(next.newest(), new StoredBatch(position.newest() + 1, copy));
        position = next;
        return position.newest();
    }

    @Override
    public long newestSequence() {
        return position.newest();
    }

    @Override
    public KeyWindow newest(int count) {
        return newestKeys().window(position, count);
    }

    @Override
    public void truncateAfter(long sequence) {
        StorePosition next = position.truncateAfter(NAME, sequence);
        Optional<StoredBatch> cut =
                position.holds(sequence) ? Optional.of(batchHolding(sequence).upTo(sequence)) : Optional.empty();
        batches.tailMap(sequence, true).clear();
        cut.ifPresent(stored -> batches.put(sequence, stored));
        position = next;
    }

    @Override
    public void releaseBefore(long sequence) {
        check(
                sequence <= position.newest() + 1,
                "sequence must be at most %d, but was %d",
                position.newest() + 1,
                sequence);
        batches.headMap(sequence, false).clear();
        long firstKept = batches.isEmpty()
                ? position.newest() + 1
                : batches.firstEntry().getValue().first();
        position = position.releaseBefore(firstKept);
    }

    @Override
    public void sync() {
        // Nothing outlives the process.
    }

    @Override
    public KeyStatistics statistics(int capacity, long currentStep) {
        return newestKeys().statistics(position, capacity, currentStep, 0);
    }

    @Override
    public void close() {
        // The heap is the collector's.
    }

    private StoredBatch batchHolding(long sequence) {
        return batches.ceilingEntry(sequence).getValue();
    }

    private NewestKeys newestKeys() {
        return this::visitNewest;
    }

    private void visitNewest(long count, Consumer<StoredBatch> visitor) {
        long first = position.newest() - count + 1;
        batches.tailMap(first, true).descendingMap().values().forEach(stored -> visitor.accept(stored.from(first)));
    }
}
