package org.millrace.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void lines_updatedOften_printEveryFiveSecondsWithRateAndTimeLeft() {
        StringWriter text = new StringWriter();
        try (var progress = new Progress.Lines("push", new PrintWriter(text), 7 * SECOND)) {
            progress.expect(60_000);
            for (int second = 0; second <= 11; second++) {
                progress.update(second * 2_000L, second > 6 ? "3 rejected" : "", (7 + second) * SECOND);
            }
        }
        assertThat(text.toString().lines())
                .containsExactly(
                        "push: 10,000 of 60,000 images, 2,000 images/s, 25 s left",
                        "push: 20,000 of 60,000 images, 2,000 images/s, 20 s left, 3 rejected");
    }
}
