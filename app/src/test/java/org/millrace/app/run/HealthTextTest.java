package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.Health;

final class HealthTextTest {
    @Test
    void line_ofAHealthyEncoder_hasEveryNumber() {
        Health health = new Health(1031, 64, 0.05, 16.4, 27.5, Optional.of(new Health.PowerLaw(1.8, 4, 64)), -0.6);
        assertThat(HealthText.line(health))
                .isEqualTo("spread 0.400/√64 · RankMe 16.4, centred 27.5, of 64 · α 1.80 · uniformity -0.60");
        assertThat(HealthText.warning(health)).isEmpty();
    }

    @Test
    void line_ofFewImagesWithoutALaw_leavesItOut() {
        Health health = new Health(30, 64, 0.05, 16, 17, Optional.empty(), -0.6);
        assertThat(HealthText.line(health)).contains(" of 30 · α not enough eigenvalues · ");
    }

    @Test
    void line_ofACollapsedEncoder_saysSoInWords() {
        Health health = new Health(1031, 64, 0.001, 1, 3, Optional.empty(), 0);
        assertThat(HealthText.line(health))
                .endsWith("uniformity 0.00 · COLLAPSED: the encoder gives nearly the same features to every image"
                        + " (spread under 0.01)");
        assertThat(HealthText.warning(health)).startsWith(" · COLLAPSED");
    }
}
