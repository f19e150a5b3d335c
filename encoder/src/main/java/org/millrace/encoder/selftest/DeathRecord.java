package org.millrace.encoder.selftest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.HeldFile;
import org.millrace.contract.HeldFile.TakenException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that has words in it while a process tries a network, and keeps them where the process dies over it: a wrong kernel may divide
 * by zero, which ends a Java process. Where the file cannot be had, nothing is remembered. The owner closes it.
 */
final class DeathRecord implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DeathRecord.class);
    private static final String NAME = "self-test.lock";

    private final Optional<HeldFile> file;
    private final boolean any;
    private @Nullable String lasting;

    private DeathRecord(Optional<HeldFile> file, boolean any) {
        this.file = file;
        this.any = any;
    }

    /** Begins to try, in a folder that may not be there. */
    static DeathRecord open(Path folder) {
        Path path = folder.resolve(NAME);
        try {
            String before = Files.exists(path) ? Files.readString(path) : "";
            HeldFile held =
                    HeldFile.take(path, "process " + ProcessHandle.current().pid() + " tries");
            return new DeathRecord(Optional.of(held), !before.isBlank());
        } catch (TakenException | IOException e) { // another process is trying right now, or the folder is not there
            log.debug("{} is not held", path, e);
            return new DeathRecord(Optional.empty(), false);
        }
    }

    /** Whether a process died while it tried, by a kernel or by a signal from outside. */
    boolean any() {
        return any;
    }

    /** A kernel has ended a process: later ones must look out, too. */
    void confirm(String words) {
        lasting = words;
    }

    @Override
    public void close() {
        file.ifPresent(held -> {
            try (held) {
                held.write(lasting == null ? "" : lasting);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
