package org.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@code bench/fuzz http}. */
final class HttpFuzzTest {
    private static final int COUNT = 1_000;
    private static final long SEED = Long.getLong("millrace.seed", 13);

    @TempDir
    private Path data;

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES) // only a hang takes that long
    void run_randomRequests_no5xxBut503AndOthersAreServed() throws Exception {
        System.out.println("seed " + SEED);
        try (FuzzHttp.Server server = FuzzHttp.Server.start(data, false)) {
            HttpFuzz.Outcome outcome = new HttpFuzz(server.address(), SEED, FuzzHttp.png()).run(COUNT, 0);
            System.out.println(outcome.statuses());
            assertThat(outcome.faults()).isEmpty();
            assertThat(server.uncaught()).isEmpty();
            assertThat(outcome.honest().keySet())
                    .as("503 where the broker was slow")
                    .contains(201)
                    .isSubsetOf(201, 503);
            assertThat(outcome.statuses().keySet()).contains(200, 201, 400, 404, 405, 413, 415);
        }
    }
}
