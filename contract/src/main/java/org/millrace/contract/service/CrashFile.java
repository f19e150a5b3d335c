package org.millrace.contract.service;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The stack trace of a failure that is ours, not the user's. */
public final class CrashFile {
    private CrashFile() {}

    /**
     * Writes the stack trace to a file in the folder, or in the system's temporary one where there is no such folder.
     *
     * @return the file; empty where it cannot be written
     */
    public static Optional<Path> write(Throwable failure, Path folder) {
        try {
            Path there = Files.isDirectory(folder) ? folder : Path.of(System.getProperty("java.io.tmpdir", "."));
            Path file = Files.createTempFile(there, "millrace-crash-", ".txt");
            return Optional.of(Files.writeString(file, stackTrace(failure), StandardCharsets.UTF_8));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    public static String stackTrace(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
