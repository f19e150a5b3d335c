package org.millrace.encoder.selftest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** A program that begins again with fewer instructions as long as it can, and says what it is each time. */
final class BeginsAgain {
    private BeginsAgain() {}

    public static void main(String[] arguments) throws IOException {
        System.setProperty("sun.java.command", "org.millrace.app.Millrace");
        System.out.println(ProcessHandle.current().pid() + " " + System.getenv("ONEDNN_MAX_CPU_ISA") + " "
                + List.of(arguments) + " " + FewerInstructions.failuresBefore() + " " + jarsOpenTwice());
        List<String> failures = new ArrayList<>(FewerInstructions.failuresBefore());
        failures.add("as usual: wrong");
        FewerInstructions.restart(failures);
        System.out.println("the end");
    }

    private static List<String> jarsOpenTwice() throws IOException {
        List<String> twice = new ArrayList<>();
        Set<String> once = new HashSet<>();
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            for (Path file : open.toList()) {
                String name = Files.readSymbolicLink(file).toString();
                if (name.endsWith(".jar") && !once.add(name)) {
                    twice.add(name);
                }
            }
        }
        return twice;
    }
}
