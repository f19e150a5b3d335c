package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.millrace.encoder.tensor.Torch;

/**
 * The same configuration on the same images gives the same weights to the bit as when the golden run was recorded, on the same class of
 * machine. On any other, whose kernels round differently, the losses of the first {@value #NEAR} steps agree to 1e-5 and of the next to
 * 1e-4: rounding grows with the steps, most with MoCo v3's AdamW, which divides by the gradient's own size. Two instruction sets of one
 * machine differ as much as two machines: docs/experiments/0012-golden-run-on-other-machines.md. The long form is bench/golden.
 */
final class GoldenRunTest {
    private static final double TOLERANCE = 1e-5;
    private static final int NEAR = 5; // steps
    private static final double LATER_TOLERANCE = 1e-4;
    private static final int FAR = 10; // the last step that another class of machine is compared by
    private static final int STEPS = Integer.getInteger("millrace.golden-steps", 10);
    private static final Optional<Path> FILE =
            Optional.ofNullable(System.getProperty("millrace.golden-file")).map(Path::of);

    @Test
    void compute_everyObjectiveAndPolicy_asRecorded() throws IOException, InterruptedException {
        Torch torch = GoldenRun.torch();
        String machine = GoldenFile.machine(torch);
        Map<String, List<GoldenRun.Step>> now = new LinkedHashMap<>();
        for (Map.Entry<String, String> run : GoldenRun.settings().entrySet()) {
            now.put(run.getKey(), GoldenRun.compute(run.getValue(), torch, STEPS));
        }
        if (Boolean.getBoolean("millrace.golden-write")) {
            new GoldenFile(machine, now).write(FILE.orElseThrow());
            return;
        }
        GoldenFile golden = FILE.isPresent() ? GoldenFile.read(FILE.get()) : GoldenFile.forThisMachine();
        boolean sameBits = golden.machine().equals(machine);
        List<String> differences = new ArrayList<>();
        now.forEach((name, steps) -> difference(golden.runs().getOrDefault(name, List.of()), steps, sameBits)
                .ifPresent(words -> differences.add(name + ": " + words)));
        assertThat(now.keySet()).isEqualTo(golden.runs().keySet());
        assertThat(differences)
                .as("%d steps, recorded on \"%s\", now on \"%s\"", STEPS, golden.machine(), machine)
                .isEmpty();
    }

    /** The first difference, in words. */
    private static Optional<String> difference(
            List<GoldenRun.Step> recorded, List<GoldenRun.Step> now, boolean sameBits) {
        if (recorded.size() < now.size()) {
            return Optional.of(recorded.size() + " steps are recorded, " + now.size() + " were computed");
        }
        for (int i = 0; i < (sameBits ? now.size() : Math.min(FAR, now.size())); i++) {
            GoldenRun.Step was = recorded.get(i);
            GoldenRun.Step is = now.get(i);
            double tolerance = i < NEAR ? TOLERANCE : LATER_TOLERANCE;
            boolean same =
                    sameBits ? was.equals(is) : Math.abs(was.loss() - is.loss()) <= tolerance * Math.abs(was.loss());
            if (!same) {
                return Optional.of("recorded " + was + ", now " + is);
            }
        }
        return Optional.empty();
    }
}
