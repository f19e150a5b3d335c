package org.millrace.contract.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native libraries of Kafka's compression by lz4 and Snappy. Each unpacks itself into the temporary folder when it is first used, and
 * a process that is killed leaves the file there (236 and 281 KB). Zstandard's removes its own.
 */
final class CompressionLibraries {
    private static final Logger log = LoggerFactory.getLogger(CompressionLibraries.class);
    private static final Path MAPPED = Path.of("/proc/self/maps");
    /** Classes that load the libraries when they are initialised; by name, as they are on the class path at run time only. */
    private static final List<String> LOADERS = List.of("net.jpountz.lz4.LZ4JNI", "org.xerial.snappy.Snappy");

    private static final Pattern UNPACKED = Pattern.compile("liblz4-java-\\d+\\.so|snappy-.+-libsnappyjava\\.so");
    private static final boolean LOADED = load();

    private CompressionLibraries() {}

    /**
     * Loads them, the first time in this process, and removes the unpacked files: a library that is loaded needs its file no longer. Does
     * nothing on systems without {@code /proc}, where that may not be so.
     */
    static boolean loaded() {
        return LOADED;
    }

    private static boolean load() {
        if (!Files.isReadable(MAPPED)) {
            return false;
        }
        try {
            for (String loader : LOADERS) {
                Class.forName(loader, true, CompressionLibraries.class.getClassLoader());
            }
        } catch (ClassNotFoundException | LinkageError e) {
            log.debug("a library of Kafka's compression is not to be had here", e); // Kafka reports it when it is used
        }
        try {
            for (String line : Files.readAllLines(MAPPED)) {
                int path = line.indexOf('/');
                if (path >= 0) {
                    removeUnpacked(Path.of(line.substring(path)));
                }
            }
        } catch (IOException e) {
            log.debug("unpacked libraries stay in the temporary folder until the process ends", e);
        }
        return true;
    }

    private static void removeUnpacked(Path mapped) throws IOException {
        if (UNPACKED.matcher(String.valueOf(mapped.getFileName())).matches()) {
            Files.deleteIfExists(mapped);
            Files.deleteIfExists(mapped.resolveSibling(mapped.getFileName() + ".lck"));
        }
    }
}
