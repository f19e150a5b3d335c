package org.millrace.keystore.image;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.millrace.contract.UserException;
import org.millrace.keystore.disk.RocksFolder;
import org.rocksdb.RocksIterator;

/**
 * Files of images on disk, each under its {@link FileKey}. A file is checked against its key when it is read: what is missing or damaged is a
 * {@link UserException}, never other bytes. Durable on {@link #sync} alone; a process that dies before loses what came after the last one,
 * and puts it again. Thread safe but for {@link #close}; the owner closes it.
 *
 * <p>Two records a file: kind 0 is the file as it is; kind 1, its entry, is big-endian: format i32, step i64. Entries lie together, so
 * that all can be visited without reading a file.
 */
public final class ImageStore implements AutoCloseable {
    private static final int FORMAT = 1;
    private static final int ENTRY_BYTES = Integer.BYTES + Long.BYTES;
    private static final byte[] ENTRIES = {FileKey.ENTRY};

    private final Path path;
    private final boolean readOnly;
    private volatile RocksFolder folder;

    private ImageStore(Path path, boolean readOnly, RocksFolder folder) {
        this.path = path;
        this.readOnly = readOnly;
        this.folder = folder;
    }

    /** Opens the store in that folder, or makes it. One process at a time. */
    public static ImageStore open(Path path) {
        return new ImageStore(path, false, RocksFolder.openFiles(path));
    }

    /** Opens the store in that folder for reading, also beside the process that writes it: what that has synced can be read. */
    public static ImageStore openReadOnly(Path path) {
        return new ImageStore(path, true, RocksFolder.steadily(() -> RocksFolder.openFilesReadOnly(path)));
    }

    /**
     * Puts a file that was taken into the buffer at that step.
     *
     * @throws IllegalArgumentException where it is not the file of that key
     */
    public synchronized void put(long step, FileKey key, byte[] file) {
        if (!key.names(file)) {
            throw new IllegalArgumentException(
                    "these %d bytes are not the file of image %s, %d bytes".formatted(file.length, key, key.length()));
        }
        byte[] entry =
                ByteBuffer.allocate(ENTRY_BYTES).putInt(FORMAT).putLong(step).array();
        folder.write(batch -> {
            batch.put(key.key(FileKey.FILE), file);
            batch.put(key.key(FileKey.ENTRY), entry);
        });
    }

    /**
     * The file of that key.
     *
     * @throws UserException where it is not there or damaged
     */
    public byte[] get(FileKey key) {
        return readOnly ? getBesideWriter(key) : read(key);
    }

    // the process that writes may have deleted a file of the database since it was opened here
    private byte[] getBesideWriter(FileKey key) {
        return RocksFolder.steadily(() -> {
            try {
                return read(key);
            } catch (UserException e) {
                RocksFolder again = RocksFolder.openFilesReadOnly(path);
                folder.close();
                folder = again;
                throw e;
            }
        });
    }

    private byte[] read(FileKey key) {
        byte[] file = folder.get(key.key(FileKey.FILE))
                .orElseThrow(() -> folder.damaged("image " + key, key.length() + " bytes", "nothing"));
        if (!key.names(file)) {
            throw folder.damaged(
                    "image " + key,
                    "%d bytes with CRC32C %08x".formatted(key.length(), key.crc()),
                    "%d with %08x"
                            .formatted(file.length, FileKey.of(key.at(), file).crc()));
        }
        return file;
    }

    /** Those of the keys that have no file here, in their order. */
    public List<FileKey> lacking(Collection<FileKey> wanted) {
        return wanted.stream()
                .filter(key -> folder.get(key.key(FileKey.ENTRY)).isEmpty())
                .toList();
    }

    /**
     * Deletes every file that was put at {@code step} or before and is not needed; returns how many. Files put later stay: what needs them
     * may not be known yet. No file is put meanwhile, as one of a released key would be lost.
     */
    public synchronized int release(long step, Set<FileKey> needed) {
        int[] released = {0};
        folder.write(batch -> {
            try (RocksIterator iterator = folder.newIterator()) {
                for (iterator.seek(ENTRIES); folder.isValid(iterator); iterator.next()) {
                    FileKey key = FileKey.read(iterator.key());
                    if (putAt(key, iterator.value()) <= step && !needed.contains(key)) {
                        batch.delete(key.key(FileKey.FILE));
                        batch.delete(key.key(FileKey.ENTRY));
                        released[0]++;
                    }
                }
            }
        });
        return released[0];
    }

    // the database checks entries, as all that lies in its tables
    private long putAt(FileKey key, byte[] entry) {
        ByteBuffer value = ByteBuffer.wrap(entry);
        int format = value.getInt();
        if (format != FORMAT || entry.length != ENTRY_BYTES) {
            throw new UserException(
                    "The image store %s has format %d at image %s, but this Millrace reads format %d. Use the Millrace that wrote it."
                            .formatted(folder, format, key, FORMAT));
        }
        return value.getLong();
    }

    /** Returns when everything put and released so far is durable on disk. */
    public void sync() {
        folder.sync();
    }

    /** Size of the store's folder. */
    public long diskBytes() {
        return folder.diskBytes();
    }

    @Override
    public void close() {
        folder.close();
    }
}
