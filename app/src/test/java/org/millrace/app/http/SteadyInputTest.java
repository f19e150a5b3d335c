package org.millrace.app.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class SteadyInputTest {
    private final AtomicLong seconds = new AtomicLong();
    private final SteadyInput input =
            new SteadyInput(new ByteArrayInputStream(new byte[100_000]), () -> seconds.get() * 1_000_000_000L);

    @Test
    void read_aByteASecond_failsAfterTheGrace() throws Exception {
        for (int i = 0; i < 10; i++) {
            seconds.incrementAndGet();
            assertThat(input.read()).isZero();
        }
        seconds.incrementAndGet();
        assertThatThrownBy(input::read).isInstanceOf(IOException.class).hasMessageContaining("too slowly");
    }

    @Test
    void read_fastEnough_goesOn() throws Exception {
        for (int i = 0; i < 40; i++) {
            seconds.incrementAndGet();
            assertThat(input.readNBytes(2048)).hasSize(2048);
        }
    }
}
