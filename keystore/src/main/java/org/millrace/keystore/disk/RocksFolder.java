package org.millrace.keystore.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.CompressionType;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * The native side of a store: one RocksDB database with one column family, and everything that must be closed with it. One
 * column family, because an idle second one would hold back the write-ahead log.
 */
public final class RocksFolder implements AutoCloseable {
    private static final long MEBIBYTE = 1 << 20;
    private static final long CACHE_BYTES = 8 * MEBIBYTE;
    private static final long LEAST_BUFFER_BYTES = MEBIBYTE;
    private static final long MOST_BUFFER_BYTES = 64 * MEBIBYTE;

    private static final int ATTEMPTS =
            50; // some milliseconds each; on a busy machine ten were not enough beside a writer that never rests

    static {
        RocksLibrary.load(); // LRUCache does not do so by itself
    }

    private final Path folder;
    private final LRUCache cache = new LRUCache(CACHE_BYTES);
    private final Options options = new Options();
    private final WriteOptions writeOptions = new WriteOptions(); // durable on sync(), not per write
    private final ReadOptions readOptions = new ReadOptions().setFillCache(false);
    private final RocksDB database;
    private boolean closed;

    private RocksFolder(Path folder, long ringBytes, Opener opener) {
        this.folder = folder;
        // Small buffers keep the folder small: released keys leave it when the buffers that they were flushed from are
        // compacted.
        long bufferBytes = Math.min(Math.max(ringBytes / 8, LEAST_BUFFER_BYTES), MOST_BUFFER_BYTES);
        options.setCreateIfMissing(true)
                .setWriteBufferSize(bufferBytes)
                .setMaxTotalWalSize(Math.max(2 * ringBytes, 4 * bufferBytes))
                .setCompressionType(CompressionType.NO_COMPRESSION) // keys are noise to it
                .setTableFormatConfig(
                        new BlockBasedTableConfig().setBlockCache(cache).setCacheIndexAndFilterBlocks(true))
                .setStatsDumpPeriodSec(0)
                .setMaxLogFileSize(MEBIBYTE)
                .setKeepLogFileNum(2);
        try {
            database = opener.open(options, folder.toString());
        } catch (RocksDBException e) {
            closeOptions();
            throw problem("be opened", e);
        }
    }

    /**
     * Opens the database in that folder, or makes it; holds its lock until closed.
     *
     * @param ringBytes of the rows that are in use at a time, by which buffers are sized
     */
    public static RocksFolder open(Path folder, long ringBytes) {
        try {
            PrivateFolder.make(folder);
        } catch (IOException e) {
            throw new UserException(
                    "The folder of the key store, %s, cannot be made: %s. Name a folder that can be written."
                            .formatted(folder, e),
                    e);
        }
        return new RocksFolder(folder, ringBytes, RocksDB::open);
    }

    /** Opens the database in that folder as it is now; takes no lock and changes nothing. */
    public static RocksFolder openReadOnly(Path folder) {
        if (!Files.exists(folder.resolve("CURRENT"))) {
            throw new UserException(
                    "There is no key store in %s. Name the data folder of a run that has trained with a dictionary."
                            .formatted(folder));
        }
        return new RocksFolder(folder, 0, RocksDB::openReadOnly);
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
            return Optional.ofNullable(open().get(readOptions, key));
        } catch (RocksDBException e) {
            throw problem("be read", e);
        }
    }

    /** An iterator over all records; the caller closes it. */
    public RocksIterator newIterator() {
        return open().newIterator(readOptions);
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

    /** Writes all of the batch or nothing. */
    public void write(WriteBatch batch) {
        try {
            open().write(writeOptions, batch);
        } catch (RocksDBException e) {
            throw problem("be written", e);
        }
    }

    /** Returns when all writes so far are durable. */
    public void sync() {
        try {
            open().flushWal(true);
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

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            database.close();
            closeOptions();
        }
    }

    @Override
    public String toString() {
        return "in " + folder;
    }

    private RocksDB open() {
        if (closed) {
            throw new IllegalStateException("the key store %s is closed".formatted(this)); // native code would crash
        }
        return database;
    }

    private void closeOptions() {
        readOptions.close();
        writeOptions.close();
        options.close();
        cache.close();
    }

    private RuntimeException problem(String action, RocksDBException cause) {
        String message = String.valueOf(cause.getMessage());
        if (cause.getStatus() != null && cause.getStatus().getCode() == Status.Code.Corruption) {
            return new DamagedKeyStoreException(toString(), message, cause);
        }
        if (message.contains("/LOCK")) {
            return new UserException(
                    "The key store %s is in use by another Millrace. Stop that one, or give this one a data folder of its own."
                            .formatted(this),
                    cause);
        }
        return new UserException(
                "The key store %s cannot %s: %s. Check that the folder can be written and that its disk has space."
                        .formatted(this, action, message),
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

    /** How the database is opened: to write, or to read only. */
    private interface Opener {
        RocksDB open(Options options, String folder) throws RocksDBException;
    }
}
