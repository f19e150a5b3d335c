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
    @Test
    void step_hundredsOfTimes_residentMemoryStaysFlat() throws IOException {
        MillraceConfig config = TestRuns.config("trainer.health-every-steps=1");
        try (KeyStore keys = TestRuns.keys(config);
                Learner learner = new Learner(config, TestRuns.torch(), keys)) {
            var views = TestRuns.views(config, 1);
            // the heap's own part swings by a hundred megabytes: a leak would raise the lowest late sample over the
            // highest early one; one activation of 262 kB kept at each step would
            long early = 0;
            long late = Long.MAX_VALUE;
            for (long step = 1; step <= 650; step++) {
                learner.step(
                        step,
                        views,
                        TestRuns.images(step),
                        TestRuns.ids(TestRuns.images(step)),
                        new StageClock(System::nanoTime));
                boolean sampled = step % 30 == 0;
                if (sampled && step >= 210 && step <= 300) {
                    System.gc();
                    early = Math.max(early, residentKilobytes());
                } else if (sampled && step >= 570) {
                    System.gc();
                    late = Math.min(late, residentKilobytes());
                }
            }
            System.out.println("resident after step 300: " + early + " kB, after step 570: " + late + " kB");
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
