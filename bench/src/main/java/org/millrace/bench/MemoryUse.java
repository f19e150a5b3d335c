package org.millrace.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The most memory that a step fed from memory takes, by precision and batch: {@code bench/run memory [BATCH,…] [PRECISION,…] [STEPS]
 * [key=value …]}. Each in a process of its own; on a CPU it is resident memory, Java's included.
 */
final class MemoryUse {
    private MemoryUse() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<String> batches = words(arguments, 0, "32,128,512");
        List<String> precisions = words(arguments, 1, "fp32,bf16");
        int steps = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 10;
        List<String> more = Arrays.asList(arguments).subList(Math.min(3, arguments.length), arguments.length);
        Path data = Files.createTempDirectory("millrace-bench-");
        print("%-10s %6s %10s %10s %10s", "precision", "batch", "ms a step", "images/s", "peak MiB");
        for (String precision : precisions) {
            for (String batch : batches) {
                List<String> assignments = new ArrayList<>(
                        List.of("run.data=" + data, "trainer.precision=" + precision, "trainer.batch-size=" + batch));
                assignments.addAll(more);
                var answer = StepFigures.ask(StepFigures.Plan.fromMemory(1, steps), assignments);
                print(
                        "%-10s %6s %s",
                        precision, batch, answer.value().map(StepFigures::row).orElse(answer.problem()));
            }
        }
    }

    static List<String> words(String[] arguments, int index, String usual) {
        return Arrays.asList((arguments.length > index ? arguments[index] : usual).split(",", -1));
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
