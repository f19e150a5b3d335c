package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void lines_updatedOften_printEveryFiveSecondsWithRateSinceStart() {
        StringWriter text = new StringWriter();
        try (var progress = new Progress.Lines("push", OptionalLong.of(60_000), new PrintWriter(text), 7 * SECOND)) {
            for (int second = 0; second <= 11; second++) {
                progress.update(second * 2_000L, second > 6 ? "3 rejected" : "", (7 + second) * SECOND);
            }
        }
        assertThat(text.toString().lines())
                .containsExactly(
                        "push: 10,000 of 60,000 images, 2,000 images/s",
                        "push: 20,000 of 60,000 images, 2,000 images/s, 3 rejected");
    }
}
