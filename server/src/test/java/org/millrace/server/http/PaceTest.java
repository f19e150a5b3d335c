package org.millrace.server.http;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class PaceTest {
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // it may wrap
    private final Pace pace = new Pace(nanos::get);

    private void after(int seconds, int bytes) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
        pace.count(bytes);
    }

    @Test
    void count_aByteEveryNineSeconds_failsAfterTheGrace() {
        after(9, 1);
        assertThatThrownBy(() -> after(9, 1))
                .isInstanceOfSatisfying(HttpProblem.class, problem -> {
                    org.assertj.core.api.Assertions.assertThat(problem.status()).isEqualTo(408);
                })
                .hasMessage("the body arrives too slowly: 2 bytes in the last 18 s, wanted 1024 a second");
    }

    @Test
    void count_fastEnough_goesOnUntilTheLongestTime() {
        for (int i = 0; i < 300; i++) {
            after(1, 1200);
        }
        assertThatThrownBy(() -> after(1, 1_000_000)).hasMessageContaining("not complete after 300 s");
    }

    @Test
    void count_slowAfterMuchCameFast_failsAllTheSame() {
        after(1, 30 << 20);
        after(10, 1); // the stretch in which it came
        after(9, 1);
        assertThatThrownBy(() -> after(2, 1)).hasMessageContaining("2 bytes in the last 11 s");
    }
}
