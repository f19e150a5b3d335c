package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.millrace.contract.UserException;
import org.millrace.keystore.disk.RocksFolder;
import org.rocksdb.RocksIterator;

/**
 * The store on disk: one record per batch, and one for the position, which every write renews together with what it describes.
 * Survives the death of the process at once, and that of the machine after {@link #sync}.
 */
final class RocksKeyStore implements KeyStore {
    private static final byte[] POSITION_KEY = StoreFormat.key(0);

    private final RocksFolder folder;
    private final StoreFormat format;
    private StorePosition position;

    private RocksKeyStore(RocksFolder folder, StoreFormat format, StorePosition position) {
        this.folder = folder;
        this.format = format;
        this.position = position;
    }

    static RocksKeyStore open(Path path, KeyStoreSettings settings) {
        return RocksFolder.open(path, settings.dictionaryBytes()).asStore(folder -> {
            StoreFormat format = new StoreFormat(folder.toString());
            Optional<StorePosition> found = readPosition(folder, format);
            RocksKeyStore store =
                    new RocksKeyStore(folder, format, found.orElseGet(() -> StorePosition.empty(settings)));
            if (found.isPresent()) {
                store.checkMadeFor(settings);
            } else {
                store.change(store.position, batch -> {});
            }
            return store;
        });
    }

    /** Opens and checks all that is stored. */
    static RocksKeyStore openReadOnly(Path path) {
        return RocksFolder.steadily(() -> RocksFolder.openReadOnly(path).asStore(folder -> {
            StoreFormat format = new StoreFormat(folder.toString());
            StorePosition position = readPosition(folder, format)
                    .orElseThrow(() -> new UserException(
                            "The key store %s is empty: it has only just been made. Try again when the run has trained a step."
                                    .formatted(folder)));
            RocksKeyStore store = new RocksKeyStore(folder, format, position);
            store.visitNewest(position.stored(), stored -> {});
            return store;
        }));
    }

    @Override
    public void beginAfter(long sequence) {
        change(position.beginAfter(sequence), write -> {});
    }

    @Override
    public long append(KeyBatch batch) {
        StoredBatch stored = new StoredBatch(position.newest() + 1, batch);
        change(position.append(batch), write -> write.put(StoreFormat.key(stored.last()), format.encode(stored)));
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
        StorePosition next = position.truncateAfter(folder.toString(), sequence);
        if (sequence == position.newest()) {
            return;
        }
        Optional<StoredBatch> cut =
                position.holds(sequence) ? Optional.of(batchHolding(sequence).upTo(sequence)) : Optional.empty();
        long end = position.newest() + 1;
        change(next, write -> {
            write.deleteRange(StoreFormat.key(sequence + 1), StoreFormat.key(end));
            if (cut.isPresent()) {
                write.put(StoreFormat.key(sequence), format.encode(cut.get()));
            }
        });
    }

    @Override
    public void releaseBefore(long sequence) {
        long end = position.newest() + 1;
        check(sequence <= end, "sequence must be at most %d, but was %d", end, sequence);
        long oldest = position.oldest();
        if (sequence <= oldest) {
            return;
        }
        long firstKept = sequence == end ? end : batchHolding(sequence).first();
        change(
                position.releaseBefore(firstKept),
                write -> write.deleteRange(StoreFormat.key(oldest), StoreFormat.key(firstKept)));
    }

    @Override
    public void sync() {
        folder.sync();
    }

    @Override
    public KeyStatistics statistics(int capacity, long currentStep) {
        return newestKeys().statistics(position, capacity, currentStep, folder.diskBytes());
    }

    @Override
    public void close() {
        folder.close();
    }

    private NewestKeys newestKeys() {
        return this::visitNewest;
    }

    /** Visits the newest keys, and checks that the batches follow each other without a gap. */
    private void visitNewest(long count, Consumer<StoredBatch> visitor) {
        long first = position.newest() - count + 1;
        long last = position.newest();
        try (RocksIterator iterator = folder.newIterator()) {
            for (iterator.seekToLast(); last >= first; iterator.prev()) {
                StoredBatch stored = read(iterator, last);
                if (stored.last() != last) {
                    throw folder.damaged(
                            StoreFormat.place(last), "a batch that ends there", "one that ends at " + stored.last());
                }
                visitor.accept(stored.from(first));
                last = stored.first() - 1;
            }
        }
    }

    private StoredBatch batchHolding(long sequence) {
        try (RocksIterator iterator = folder.newIterator()) {
            iterator.seek(StoreFormat.key(sequence));
            StoredBatch stored = read(iterator, sequence);
            if (stored.first() > sequence) {
                throw folder.damaged(StoreFormat.place(sequence), "that key", "a gap before key " + stored.first());
            }
            return stored;
        }
    }

    /** The batch under the iterator, which should hold that key. */
    private StoredBatch read(RocksIterator iterator, long sequence) {
        if (!folder.isValid(iterator) || StoreFormat.sequence(iterator.key()) == 0) {
            throw folder.damaged(StoreFormat.place(sequence), "that key", "the end of the store");
        }
        return format.decodeBatch(iterator.value(), StoreFormat.sequence(iterator.key()));
    }

    /** Writes a change and the position after it, all or nothing. */
    private void change(StorePosition next, RocksFolder.Change change) {
        folder.write(write -> {
            change.addTo(write);
            write.put(POSITION_KEY, format.encode(next));
        });
        position = next;
    }

    private static Optional<StorePosition> readPosition(RocksFolder folder, StoreFormat format) {
        Optional<byte[]> value = folder.get(POSITION_KEY);
        if (value.isEmpty()) {
            try (RocksIterator iterator = folder.newIterator()) {
                iterator.seekToFirst();
                if (folder.isValid(iterator)) {
                    throw folder.damaged(StoreFormat.place(0), "the store's position", "none");
                }
            }
        }
        return value.map(format::decodePosition);
    }

    private void checkMadeFor(KeyStoreSettings settings) {
        if (!position.topic().equals(settings.topic()) || position.dimension() != settings.dimension()) {
            throw new UserException(
                    "The key store %s holds keys of %d numbers for images of topic '%s', but this run makes keys of %d numbers for images of topic '%s'. Give this run another name or data folder, or go back to the former configuration."
                            .formatted(
                                    folder,
                                    position.dimension(),
                                    position.topic(),
                                    settings.dimension(),
                                    settings.topic()));
        }
    }
}
