package org.millrace.app.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.StepHealth;

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
    void dictionary_measured_hasEveryNumber() {
        var ages = new DictionaryHealth.Ages(31.5, 32, 64);
        var consistency = new DictionaryHealth.Consistency(0.9304, 128, 32);
        assertThat(HealthText.dictionary(new DictionaryHealth(4096, ages, Optional.of(consistency))))
                .isEqualTo("4,096 keys, age 32 steps (oldest 64), consistency 0.930");
        assertThat(HealthText.dictionary(new DictionaryHealth(4096, ages, Optional.empty())))
                .endsWith("consistency not enough");
    }

    @Test
    void projections_ofAStep_withAlignmentWhereThereAreTwoViews() {
        Health health = new Health(128, 64, 0.05, 16.4, 27.5, Optional.empty(), -0.6);
        assertThat(HealthText.projections(
                        new StepHealth(Optional.of(health), OptionalDouble.of(0.254), Optional.empty())))
                .isEqualTo("alignment 0.25 · " + HealthText.line(health));
        assertThat(HealthText.projections(
                        new StepHealth(Optional.of(health), OptionalDouble.empty(), Optional.empty())))
                .isEqualTo(HealthText.line(health));
        assertThat(HealthText.projections(new StepHealth(Optional.empty(), OptionalDouble.empty(), Optional.empty())))
                .isEqualTo("not enough");
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
