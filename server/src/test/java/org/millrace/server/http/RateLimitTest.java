package org.millrace.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimitTest {
    private static final long SECOND = 1_000_000_000;

    private final AtomicLong nanos = new AtomicLong(-5 * SECOND);

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 3, 250})
    void take_askedAllTheTime_givesTenSecondsAtOnceAndThenTheRate(double perSecond) {
        RateLimit limit = new RateLimit(perSecond, nanos::get);
        int burst = (int) (RateLimit.BURST_SECONDS * perSecond);
        assertThat(taken(limit, 100_000)).isEqualTo(burst);
        int later = 0;
        for (int tenth = 0; tenth < 1_000; tenth++) {
            nanos.addAndGet(SECOND / 10);
            later += taken(limit, 1_000);
        }
        assertThat(later).isBetween((int) (100 * perSecond) - 1, (int) (100 * perSecond) + 1);
    }

    @Test
    void take_refused_saysWhenThereIsRoomAndThenThereIs() {
        RateLimit limit = new RateLimit(0.05, nanos::get); // one in 20 s, longer than the burst
        assertThat(limit.take()).isEmpty();
        nanos.addAndGet(SECOND / 2);
        assertThat(limit.take()).isEqualTo(OptionalInt.of(20));
        nanos.addAndGet(18 * SECOND);
        assertThat(limit.take()).isEqualTo(OptionalInt.of(2));
        nanos.addAndGet(2 * SECOND);
        assertThat(limit.take()).isEmpty();
    }

    private static int taken(RateLimit limit, int times) {
        return (int)
                IntStream.range(0, times).filter(i -> limit.take().isEmpty()).count();
    }
}
