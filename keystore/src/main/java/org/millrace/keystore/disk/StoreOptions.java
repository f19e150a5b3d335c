package org.millrace.keystore.disk;

import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.CompressionType;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.WriteOptions;

/** How RocksDB is set up for a kind of store. The owner closes it, after the database. */
final class StoreOptions implements AutoCloseable {
    private static final long MEBIBYTE = 1 << 20;
    private static final long CACHE_BYTES = 8 * MEBIBYTE;
    private static final long LEAST_BUFFER_BYTES = MEBIBYTE;
    private static final long MOST_BUFFER_BYTES = 64 * MEBIBYTE;
    private static final long FILES_BUFFER_BYTES = 32 * MEBIBYTE;
    private static final long LEAST_FILE_BYTES = 512; // a smaller value is not worth a place of its own
    private static final double MOST_GARBAGE = 0.5; // of the oldest blob files, before they are rewritten
    /** With no bound, RocksDB opens a read-only database of one table in a way that finds nothing in blob files. */
    private static final int MOST_OPEN_FILES = 1000;

    static {
        RocksLibrary.load(); // LRUCache does not do so by itself
    }

    private final LRUCache cache = new LRUCache(CACHE_BYTES);
    private final BlockBasedTableConfig tables = new BlockBasedTableConfig().setBlockCache(cache);
    private final Options database = new Options();
    private final WriteOptions write = new WriteOptions(); // durable on sync(), not per write
    private final ReadOptions read = new ReadOptions();

    private StoreOptions(long bufferBytes, long logBytes) {
        database.setCreateIfMissing(true)
                .setWriteBufferSize(bufferBytes)
                .setMaxTotalWalSize(logBytes)
                .setCompressionType(CompressionType.NO_COMPRESSION) // keys and encoded images are noise to it
                .setStatsDumpPeriodSec(0)
                .setMaxFileOpeningThreads(1) // of a few tables; otherwise each opening starts 16 threads
                .setMaxLogFileSize(MEBIBYTE)
                .setKeepLogFileNum(2);
    }

    /**
     * Of a store of keys. Small buffers keep its folder small: released keys leave it when the buffers that they were flushed from are
     * compacted.
     *
     * @param ringBytes of the rows that are in use at a time, by which buffers are sized; 0 for a store that is only read
     */
    static StoreOptions ofKeys(long ringBytes) {
        long bufferBytes = Math.min(Math.max(ringBytes / 8, LEAST_BUFFER_BYTES), MOST_BUFFER_BYTES);
        StoreOptions options = new StoreOptions(bufferBytes, Math.max(2 * ringBytes, 4 * bufferBytes));
        options.database.setTableFormatConfig(options.tables.setCacheIndexAndFilterBlocks(true));
        options.read.setFillCache(false);
        return options;
    }

    /** Of a store of files. These are large, so they are written once: to blob files apart from the tables, and to no write-ahead log. */
    static StoreOptions ofFiles() {
        StoreOptions options = new StoreOptions(FILES_BUFFER_BYTES, 0);
        options.database
                .setTableFormatConfig(options.tables.setCacheIndexAndFilterBlocks(false)) // they are small
                .setEnableBlobFiles(true)
                .setMinBlobSize(LEAST_FILE_BYTES)
                .setEnableBlobGarbageCollection(true)
                .setBlobGarbageCollectionForceThreshold(MOST_GARBAGE)
                .setMaxOpenFiles(MOST_OPEN_FILES);
        options.write.setDisableWAL(true);
        options.read.setFillCache(true); // of the tables, which are small; files are not in them
        return options;
    }

    Options database() {
        return database;
    }

    WriteOptions write() {
        return write;
    }

    ReadOptions read() {
        return read;
    }

    @Override
    public void close() {
        read.close();
        write.close();
        database.close();
        cache.close();
    }
}
