package org.millrace.keystore.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.rocksdb.FlushOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;

/**
 * The native side of a store: one RocksDB database with one column family, and everything that must be closed with it. One
 * column family, because an idle second one would hold back the write-ahead log. Thread safe but for {@link #close}.
 */
public final class RocksFolder implements AutoCloseable {
    /** Some milliseconds each; on a busy machine ten were not enough beside a writer that never rests. */
    private static final int ATTEMPTS = 50;

    private final Path folder;
    private final StoreKind kind;
    private final boolean readOnly;
    private final StoreOptions options;
    private final RocksDB database;
    private boolean closed;

    private RocksFolder(Path folder, StoreKind kind, boolean readOnly, StoreOptions options) {
        this.folder = folder;
        this.kind = kind;
        this.readOnly = readOnly;
        this.options = options;
        try {
            database = readOnly
                    ? RocksDB.openReadOnly(options.database(), folder.toString())
                    : RocksDB.open(options.database(), folder.toString());
        } catch (RocksDBException e) {
            options.close();
            throw problem("be opened", e);
        }
    }

    /**
     * Opens the database in that folder, or makes it; holds its lock until closed.
     *
     * @param ringBytes of the rows that are in use at a time, by which buffers are sized
     */
    public static RocksFolder open(Path folder, long ringBytes) {
        make(folder, StoreKind.KEYS);
        return new RocksFolder(folder, StoreKind.KEYS, false, StoreOptions.ofKeys(ringBytes));
    }

    /** Opens the database in that folder as it is now; takes no lock and changes nothing. */
    public static RocksFolder openReadOnly(Path folder) {
        if (!exists(folder)) {
            throw new UserException(
                    "There is no key store in %s. Name the data folder of a run that has trained with a dictionary."
                            .formatted(folder));
        }
        return new RocksFolder(folder, StoreKind.KEYS, true, StoreOptions.ofKeys(0));
    }

    /** Opens the database of files in that folder, or makes it; holds its lock until closed. */
    public static RocksFolder openFiles(Path folder) {
        make(folder, StoreKind.IMAGES);
        return new RocksFolder(folder, StoreKind.IMAGES, false, StoreOptions.ofFiles());
    }

    /** Opens the database of files in that folder as it was last synced; takes no lock and changes nothing. */
    public static RocksFolder openFilesReadOnly(Path folder) {
        return new RocksFolder(folder, StoreKind.IMAGES, true, StoreOptions.ofFiles());
    }

    /** Whether there is a database in that folder. */
    public static boolean exists(Path folder) {
        return Files.exists(folder.resolve("CURRENT"));
    }

    private static void make(Path folder, StoreKind kind) {
        try {
            PrivateFolder.make(folder);
        } catch (IOException e) {
            throw new UserException(
                    "The folder of the %s, %s, cannot be made: %s. Name a folder that can be written."
                            .formatted(kind.noun(), folder, e),
                    e);
        }
    }

    /** The store that a reader makes of this folder, which is closed where it throws. */
    public <T> T asStore(Function<RocksFolder, T> reader) {
        try {
            return reader.apply(this);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Opens and checks a store for reading, beside a process that may delete a file between two that are opened here, so that one
     * is missing or a gap shows: only what is wrong every time is wrong.
     */
    public static <T> T steadily(Supplier<T> opening) {
        for (int attempt = 1; ; attempt++) {
            try {
                return opening.get();
            } catch (UserException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    public Optional<byte[]> get(byte[] key) {
        try {
            return Optional.ofNullable(open().get(options.read(), key));
        } catch (RocksDBException e) {
            throw problem("be read", e);
        }
    }

    /** An iterator over all records; the caller closes it. */
    public RocksIterator newIterator() {
        return open().newIterator(options.read());
    }

    /** Whether the iterator stands on a record; false at the end, and never because a record could not be read. */
    public boolean isValid(RocksIterator iterator) {
        if (iterator.isValid()) {
            return true;
        }
        try {
            iterator.status(); // an iterator stops at a damaged block as if it were the end
        } catch (RocksDBException e) {
            throw problem("be read", e);
        }
        return false;
    }

    /** What a write puts and deletes. */
    public interface Change {
        void addTo(WriteBatch batch) throws RocksDBException;
    }

    /**
     * Writes all of a change or nothing.
     *
     * @throws IllegalStateException where this is open for reading only
     */
    public void write(Change change) {
        if (readOnly) {
            throw new IllegalStateException("the %s %s is open for reading only".formatted(kind.noun(), this));
        }
        try (WriteBatch batch = new WriteBatch()) {
            change.addTo(batch);
            open().write(options.write(), batch);
        } catch (RocksDBException e) {
            throw problem("be written", e);
        }
    }

    /** Returns when all writes so far are durable. */
    public void sync() {
        try (FlushOptions flush = new FlushOptions()) { // waits
            if (kind == StoreKind.IMAGES) {
                open().flush(flush);
            } else {
                open().flushWal(true);
            }
        } catch (RocksDBException e) {
            throw problem("be synced", e);
        }
    }

    /** Size of all files in the folder. */
    public long diskBytes() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.mapToLong(RocksFolder::size).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Damage at a place: what is there is not what was put. */
    public DamagedStoreException damaged(String place, String expected, String actual) {
        return new DamagedStoreException(kind, toString(), place, expected, actual);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            database.close();
            options.close();
        }
    }

    @Override
    public String toString() {
        return "in " + folder;
    }

    private RocksDB open() {
        if (closed) {
            throw new IllegalStateException(
                    "the %s %s is closed".formatted(kind.noun(), this)); // native code would crash
        }
        return database;
    }

    private RuntimeException problem(String action, RocksDBException cause) {
        String message = String.valueOf(cause.getMessage());
        boolean corrupt = cause.getStatus() != null && cause.getStatus().getCode() == Status.Code.Corruption;
        boolean lost = kind == StoreKind.IMAGES && action.equals("be read"); // a blob file that is gone is noticed then
        if (corrupt || lost) {
            return new DamagedStoreException(kind, toString(), message, cause);
        }
        if (message.contains("/LOCK")) {
            return new UserException(
                    "The %s %s is in use by another Millrace. Stop that one, or give this one a data folder of its own."
                            .formatted(kind.noun(), this),
                    cause);
        }
        return new UserException(
                "The %s %s cannot %s: %s. Check that the folder can be written and that its disk has space."
                        .formatted(kind.noun(), this, action, message),
                cause);
    }

    /** Size of a file, or 0 if a compaction of the writing process has just deleted it. */
    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
