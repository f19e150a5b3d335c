package org.millrace.keystore.disk;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.Sha256;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/**
 * RocksDB's native library, unpacked once into a folder that stays, beside PyTorch's. RocksDB itself unpacks 15 MB into the temporary
 * folder at each start, and a process that is killed leaves them there.
 */
public final class RocksLibrary {
    private static final String NAME = "rocksdb";
    /** What RocksDB asks for in a folder that it is given. */
    private static final String ASKED_NAME = "rocksdbjni";

    private RocksLibrary() {}

    /** Loads it, the first time in this process; where it cannot be kept, as RocksDB does. */
    public static void load() {
        Optional<Path> folder = kept(cache());
        if (folder.isPresent()) {
            try {
                RocksDB.loadLibrary(List.of(folder.get().toString()));
                return;
            } catch (UnsatisfiedLinkError e) {
                // a folder that may hold no programs
            }
        }
        RocksDB.loadLibrary();
    }

    /** The folder under the cache that holds this version's library whole; empty where it can neither be found nor written. */
    static Optional<Path> kept(Path cache) {
        String resource = Environment.getJniLibraryFileName(NAME);
        try (InputStream in = RocksDB.class.getResourceAsStream("/" + resource)) {
            if (in == null) {
                return Optional.empty();
            }
            byte[] library = in.readAllBytes();
            Path folder = cache.resolve("rocksdb-" + Sha256.of(library).substring(0, 16));
            Path file = folder.resolve(Environment.getJniLibraryFileName(ASKED_NAME));
            if (!holds(file, library)) {
                PrivateFolder.make(folder);
                Path aside = Files.createTempFile(folder, "unpacking", "");
                Files.write(aside, library);
                Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            return Optional.of(folder);
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }

    private static boolean holds(Path file, byte[] library) throws IOException {
        return Files.isRegularFile(file) && Arrays.equals(Files.readAllBytes(file), library);
    }

    /** As DJL chooses it. */
    private static Path cache() {
        String set = System.getenv("DJL_CACHE_DIR");
        return set == null || set.isBlank() ? Path.of(System.getProperty("user.home"), ".djl.ai") : Path.of(set);
    }
}
