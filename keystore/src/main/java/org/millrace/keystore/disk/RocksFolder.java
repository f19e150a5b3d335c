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
import org.rocksdb.FlushOptions;
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
 * column family, because an idle second one would hold back the write-ahead log. Of keys, or of files: those are large, so they are
 * written once, to blob files apart from the tables, and without a write-ahead log.
 */
public final class RocksFolder implements AutoCloseable {
    private static final long MEBIBYTE = 1 << 20;
    private static final long CACHE_BYTES = 8 * MEBIBYTE;
    private static final long LEAST_BUFFER_BYTES = MEBIBYTE;
    private static final long MOST_BUFFER_BYTES = 64 * MEBIBYTE;
    private static final long FILES_BUFFER_BYTES = 32 * MEBIBYTE;
    private static final long LEAST_FILE_BYTES = 512; // a smaller value is not worth a place of its own
    private static final double MOST_GARBAGE = 0.5; // of the oldest blob files, before they are rewritten
    /** With no bound, RocksDB opens a read-only database of one table in a way that finds nothing in blob files. */
    private static final int MOST_OPEN_FILES = 1000;

    private static final int ATTEMPTS =
            50; // some milliseconds each; on a busy machine ten were not enough beside a writer that never rests

    static {
        RocksLibrary.load(); // LRUCache does not do so by itself
    }

    private final Path folder;
    private final boolean files;
    private final LRUCache cache = new LRUCache(CACHE_BYTES);
    private final Options options = new Options();
    private final WriteOptions writeOptions = new WriteOptions(); // durable on sync(), not per write
    private final ReadOptions readOptions = new ReadOptions().setFillCache(false);
    private final RocksDB database;
    private boolean closed;

    private RocksFolder(Path folder, boolean files, long bufferBytes, long logBytes, Opener opener) {
        this.folder = folder;
        this.files = files;
        options.setCreateIfMissing(true)
                .setWriteBufferSize(bufferBytes)
                .setMaxTotalWalSize(logBytes)
                .setCompressionType(CompressionType.NO_COMPRESSION) // keys and encoded images are noise to it
                .setTableFormatConfig(new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setCacheIndexAndFilterBlocks(!files)) // of files they are small
                .setStatsDumpPeriodSec(0)
                .setMaxLogFileSize(MEBIBYTE)
                .setKeepLogFileNum(2);
        if (files) {
            options.setEnableBlobFiles(true)
                    .setMinBlobSize(LEAST_FILE_BYTES)
                    .setEnableBlobGarbageCollection(true)
                    .setBlobGarbageCollectionForceThreshold(MOST_GARBAGE)
                    .setMaxOpenFiles(MOST_OPEN_FILES);
            writeOptions.setDisableWAL(true);
            readOptions.setFillCache(true); // of the tables, which are small; files are not in them
        }
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
        make(folder, "key store");
        // Small buffers keep the folder small: released keys leave it when the buffers that they were flushed from are
        // compacted.
        long bufferBytes = Math.min(Math.max(ringBytes / 8, LEAST_BUFFER_BYTES), MOST_BUFFER_BYTES);
        return new RocksFolder(folder, false, bufferBytes, Math.max(2 * ringBytes, 4 * bufferBytes), RocksDB::open);
    }

    /** Opens the database in that folder as it is now; takes no lock and changes nothing. */
    public static RocksFolder openReadOnly(Path folder) {
        if (!exists(folder)) {
            throw new UserException(
                    "There is no key store in %s. Name the data folder of a run that has trained with a dictionary."
                            .formatted(folder));
        }
        return new RocksFolder(folder, false, LEAST_BUFFER_BYTES, 4 * LEAST_BUFFER_BYTES, RocksDB::openReadOnly);
    }

    /** Opens the database of files in that folder, or makes it; holds its lock until closed. */
    public static RocksFolder openFiles(Path folder) {
        make(folder, "image store");
        return new RocksFolder(folder, true, FILES_BUFFER_BYTES, 0, RocksDB::open);
    }

    /** Opens the database of files in that folder as it was last synced; takes no lock and changes nothing. */
    public static RocksFolder openFilesReadOnly(Path folder) {
        return new RocksFolder(folder, true, FILES_BUFFER_BYTES, 0, RocksDB::openReadOnly);
    }

    /** Whether there is a database in that folder. */
    public static boolean exists(Path folder) {
        return Files.exists(folder.resolve("CURRENT"));
    }

    private static void make(Path folder, String noun) {
        try {
            PrivateFolder.make(folder);
        } catch (IOException e) {
            throw new UserException(
                    "The folder of the %s, %s, cannot be made: %s. Name a folder that can be written."
                            .formatted(noun, folder, e),
                    e);
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
        try (FlushOptions flush = new FlushOptions()) { // waits
            if (files) {
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
            throw new IllegalStateException("the %s %s is closed".formatted(noun(), this)); // native code would crash
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
        boolean corrupt = cause.getStatus() != null && cause.getStatus().getCode() == Status.Code.Corruption;
        if (files && (corrupt || action.equals("be read"))) { // a blob file that is gone is noticed when it is read
            return new DamagedImageStoreException(toString(), message, cause);
        }
        if (corrupt) {
            return new DamagedKeyStoreException(toString(), message, cause);
        }
        if (message.contains("/LOCK")) {
            return new UserException(
                    "The %s %s is in use by another Millrace. Stop that one, or give this one a data folder of its own."
                            .formatted(noun(), this),
                    cause);
        }
        return new UserException(
                "The %s %s cannot %s: %s. Check that the folder can be written and that its disk has space."
                        .formatted(noun(), this, action, message),
                cause);
    }

    private String noun() {
        return files ? "image store" : "key store";
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
