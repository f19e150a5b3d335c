package org.millrace.bench;

import ai.djl.engine.EngineException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.millrace.contract.UserException;
import org.millrace.contract.event.Json;

/**
 * A measurement in a process of its own, with this one's Java options and class path: its memory is its own, and one that runs out of
 * memory or dies costs no other.
 */
final class Child {
    private static final String OUT_OF_MEMORY = "out of memory";

    private Child() {}

    /** What a child found, or why it found nothing. */
    record Answer<T>(Optional<T> value, String problem) {
        boolean isOutOfMemory() {
            return problem.contains(OUT_OF_MEMORY);
        }
    }

    /** Runs a main class whose first argument is the file for {@link #answer}; waits for it. */
    static <T> Answer<T> ask(Class<?> main, Class<T> type, List<String> arguments)
            throws IOException, InterruptedException {
        Path answer = Files.createTempFile("millrace-bench-", ".json");
        Path messages = Files.createTempFile("millrace-bench-", ".log");
        try {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName(), answer.toString()));
            command.addAll(arguments);
            int exit = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(messages.toFile())
                    .start()
                    .waitFor();
            String text = Files.readString(answer).strip();
            if (exit == 0) {
                return new Answer<>(Optional.of(Json.read(Files.readAllBytes(answer), type)), "");
            }
            return new Answer<>(Optional.empty(), text.isEmpty() ? death(exit, messages) : text);
        } finally {
            Files.deleteIfExists(answer);
            Files.deleteIfExists(messages);
        }
    }

    /** Writes what was measured, or the reason for a failure that is no fault of this program, to the file that {@link #ask} reads. */
    static void answer(String file, Callable<?> measurement) throws Exception {
        try {
            Files.write(Path.of(file), Json.write(measurement.call()));
        } catch (UserException | EngineException e) {
            Files.writeString(Path.of(file), String.valueOf(e.getMessage()));
            System.exit(1);
        }
    }

    private static String death(int exit, Path messages) throws IOException {
        List<String> lines = Files.readAllLines(messages).stream()
                .filter(line -> !line.isBlank())
                .toList();
        return "ended with exit code " + exit + ": " + String.join("\n", lines.subList(0, Math.min(6, lines.size())));
    }
}
