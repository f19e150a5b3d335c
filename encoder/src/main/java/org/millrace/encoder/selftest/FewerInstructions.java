package org.millrace.encoder.selftest;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process begun again with oneDNN kept to fewer of the processor's instructions. oneDNN reads the limit once, at its first use, and
 * libtorch exports nothing that sets it; so the same program is executed with the same arguments and another environment, in the same
 * process: process id, terminal and open pipes stay.
 */
final class FewerInstructions {
    private static final Logger log = LoggerFactory.getLogger(FewerInstructions.class);
    private static final String LIMIT = "ONEDNN_MAX_CPU_ISA";
    private static final String FAILURES = "MILLRACE_SELF_TEST_FAILURES";
    private static final List<String> LEVELS = List.of("AVX512_CORE", "AVX2", "SSE41");
    private static final String PROGRAM = "org.millrace.app.Millrace";

    private static final int STANDARD_ERROR = 2;
    private static final int SET_FLAGS = 2; // F_SETFD
    private static final int CLOSE_AT_EXECUTION = 1; // FD_CLOEXEC

    private FewerInstructions() {}

    /** The C library. */
    private interface C extends Library {
        int setenv(String name, String value, int overwrite);

        int execv(String path, Pointer arguments);

        int fcntl(int file, int command, int argument);
    }

    /** What failed before this process began again; empty where it did not. */
    static List<String> failuresBefore() {
        String failures = System.getenv(FAILURES);
        return failures == null ? List.of() : List.of(failures.split("\n"));
    }

    /** What the process that began again keeps to, and why. */
    static Optional<String> words() {
        List<String> failures = failuresBefore();
        return failures.isEmpty()
                ? Optional.empty()
                : Optional.of("oneDNN is kept to " + LIMIT + "=" + System.getenv(LIMIT)
                        + ", with which the self-test passes; " + String.join("; ", failures));
    }

    /** Begins again with the next lower limit; returns where there is none, or where this is another program's process. */
    static void restart(List<String> failures) {
        Optional<String> next = lower(Optional.ofNullable(System.getenv(LIMIT)));
        if (next.isEmpty() || !System.getProperty("sun.java.command", "").startsWith(PROGRAM)) {
            return;
        }
        try {
            byte[] line = Files.readAllBytes(Path.of("/proc/self/cmdline")); // each argument ends with a zero byte
            String program = Path.of("/proc/self/exe").toRealPath().toString();
            String limit = System.getenv(LIMIT) == null ? "as it is" : System.getenv(LIMIT);
            C c = Native.load("c", C.class);
            c.setenv(LIMIT, next.get(), 1);
            c.setenv(FAILURES, String.join("\n", failures).replace("as usual", LIMIT + " " + limit), 1);
            closeFilesAtExecution(c);
            System.out.flush();
            System.err.flush();
            c.execv(program, arguments(line));
            log.warn("cannot begin again with {}={}: execv failed with {}", LIMIT, next.get(), Native.getLastError());
        } catch (IOException | UnsatisfiedLinkError e) {
            log.warn("cannot begin again with {}={}: {}", LIMIT, next.get(), e.toString());
        }
    }

    /** The next lower limit; an unknown or absent one is above all. */
    static Optional<String> lower(Optional<String> limit) {
        int at = limit.map(LEVELS::indexOf).orElse(-1);
        return at + 1 < LEVELS.size() ? Optional.of(LEVELS.get(at + 1)) : Optional.empty();
    }

    // else the jars of the class path would stay open once more
    private static void closeFilesAtExecution(C c) throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            open.mapToInt(file -> Integer.parseInt(file.getFileName().toString()))
                    .filter(file -> file > STANDARD_ERROR)
                    .forEach(file -> c.fcntl(file, SET_FLAGS, CLOSE_AT_EXECUTION));
        }
    }

    // argv: a pointer to each argument, then null
    private static Memory arguments(byte[] line) {
        long count = 0;
        for (byte each : line) {
            count += each == 0 ? 1 : 0;
        }
        long table = (count + 1) * Native.POINTER_SIZE;
        Memory memory = new Memory(table + line.length);
        memory.write(table, line, 0, line.length);
        long at = 0;
        for (int i = 0; i < count; i++) {
            memory.setPointer((long) i * Native.POINTER_SIZE, memory.share(table + at));
            while (line[(int) at++] != 0) {}
        }
        memory.setPointer(count * Native.POINTER_SIZE, Pointer.NULL);
        return memory;
    }
}
