package org.millrace.encoder.precision;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.Precision;

/** The instructions for half precision that a processor has, as Linux lists them, and what they mean for {@code trainer.precision}. */
public final class HalfInstructions {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");
    private static final Set<String> OF_BF16 = Set.of("avx512_bf16", "amx_bf16", "bf16"); // the last is Arm's

    private HalfInstructions() {}

    /**
     * A line for the start of training: what bf16 would gain here, or that half precision is slow here; empty where neither holds.
     *
     * @param newRun whether the run may still take another precision
     */
    public static Optional<String> advice(MillraceConfig config, boolean newRun) {
        boolean cpu = config.run().device().equals("cpu");
        // of one channel, oneDNN's first layer in bf16 does not pass the self-test on all of these processors
        boolean grey = config.encoder().channels() == 1 && config.trainer().precision() == Precision.FP32;
        return cpu && !grey ? advice(config.trainer().precision(), newRun, processor()) : Optional.empty();
    }

    static Optional<String> advice(Precision precision, boolean newRun, Set<String> flags) {
        return switch (precision) {
            case FP32 ->
                newRun && have(flags, OF_BF16)
                        ? Optional.of(
                                "this processor computes bf16: a new run with trainer.precision=bf16 would take about a"
                                        + " third less time a step")
                        : Optional.empty();
            case BF16 ->
                have(flags, OF_BF16)
                        ? Optional.empty()
                        : Optional.of("warning: this processor has no instructions for bf16 (avx512_bf16 or amx_bf16):"
                                + " trainer.precision=bf16 is slower than fp32 here");
            case FP16 ->
                Optional.of(
                        "warning: trainer.precision=fp16 is for GPUs; on a processor it is many times as slow as fp32,"
                                + " whatever instructions it has (docs/decisions/0032-half-precision.md)");
        };
    }

    private static boolean have(Set<String> flags, Set<String> wanted) {
        return wanted.stream().anyMatch(flags::contains);
    }

    // none where the list cannot be read
    private static Set<String> processor() {
        try {
            return flags(Files.readString(CPUINFO));
        } catch (IOException e) {
            return Set.of();
        }
    }

    static Set<String> flags(String cpuinfo) {
        return cpuinfo.lines()
                .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip().split(" "))
                .map(Arrays::stream)
                .orElseGet(Stream::empty)
                .collect(Collectors.toSet());
    }
}
