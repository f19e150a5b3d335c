package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.keystore.KeyStore;
import org.millrace.trainer.stream.StageClock;

final class LearnerMemoryTest {
    private static final int STEPS = Integer.getInteger("millrace.memory-steps", 420);
    private static final int WARM = 150;
    private static final int WINDOW = 60;
    private static final int SAMPLED = 15;

    @Test
    void step_hundredsOfTimes_residentMemoryStaysFlat() throws IOException {
        MillraceConfig config = TestRuns.config("trainer.health-every-steps=1");
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            var views = TestRuns.views(config, 1);
            // the heap's own part swings by a hundred megabytes, but the lowest of a few samples hardly moves: one
            // tensor
            // of 262 kB kept at each step would raise it by more than a tenth
            long early = Long.MAX_VALUE;
            long late = Long.MAX_VALUE;
            for (long step = 1; step <= STEPS; step++) {
                learner.step(
                        step,
                        views,
                        TestRuns.images(step),
                        TestRuns.ids(TestRuns.images(step)),
                        new StageClock(System::nanoTime));
                boolean sampled = step % SAMPLED == 0;
                if (sampled && step > WARM && step <= WARM + WINDOW) {
                    System.gc();
                    early = Math.min(early, residentKilobytes());
                } else if (sampled && step > STEPS - WINDOW) {
                    System.gc();
                    late = Math.min(late, residentKilobytes());
                }
            }
            System.out.println("resident around step " + WARM + ": " + early + " kB, at the end: " + late + " kB");
            assertThat(late).isLessThan(early + early / 10);
        }
    }

    private static long residentKilobytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
                .findFirst()
                .orElseThrow();
    }
}
