package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.config.ReplayConfig.LongTerm;
import org.millrace.contract.event.Json;
import org.millrace.trainer.stream.StepLosses.Gap;

/** q against values computed by hand. */
final class FreshShareTest {
    @Test
    void of_twoKinds_differenceOfMeansAndVarianceAroundEach() {
        // means 4 and 2; squares 1 + 1 and 1 + 1 + 1 + 1, of 6 images
        assertThat(StepLosses.of(7, new float[] {3, 5, 1, 1, 3, 3}, 2))
                .isEqualTo(new StepLosses(7, Optional.of(new Gap(2, 1))));
    }

    @ParameterizedTest
    @CsvSource({"0", "3", "4"})
    void of_oneKind_noGap(int fresh) {
        assertThat(StepLosses.of(1, new float[] {1, 2, 3}, fresh).gap()).isEmpty();
    }

    @Test
    void of_noLosses_noGap() {
        assertThat(StepLosses.of(1, new float[0], 2).gap()).isEmpty();
    }

    @Test
    void begin_twoSteps_movesByTheTanhOfTheGapInDeviations() {
        FreshShare share = share(0.125, 0.01);
        share.trained(gap(1, 2, 1));
        share.begin(1);
        assertThat(share.share()).isCloseTo(0.25 + 0.01 * 0.9640275800758169, within(1e-15)); // tanh 2
        share.trained(gap(2, -1, 4));
        share.begin(2); // σ² = 1 + 0.01·(4 − 1) = 1.03
        assertThat(share.share()).isCloseTo(0.2520866391802974, within(1e-15));
        assertThat(share.content().variance()).isCloseTo(1.03, within(1e-15));
    }

    @Test
    void begin_lossesScaledByAConstant_sameShare() {
        FreshShare plain = share(0.125, 0.01);
        FreshShare scaled = share(0.125, 0.01);
        for (int step = 1; step <= 20; step++) {
            plain.trained(gap(step, Math.sin(step), 1 + step % 3));
            scaled.trained(gap(step, 3 * Math.sin(step), 9.0 * (1 + step % 3)));
        }
        plain.begin(20);
        scaled.begin(20);
        assertThat(scaled.share()).isCloseTo(plain.share(), within(1e-12)).isNotEqualTo(0.25);
    }

    @Test
    void begin_earlierStep_laterLossesWait() {
        FreshShare share = share(0.125, 0.01);
        share.trained(gap(1, 2, 1));
        share.trained(gap(2, 2, 1));
        share.begin(0);
        assertThat(share.share()).isEqualTo(0.25);
        share.begin(1);
        assertThat(share.content().waiting()).containsExactly(gap(2, 2, 1));
    }

    @ParameterizedTest
    @CsvSource({
        "0.125, 9, 0.25, 0.75",
        "0.125, -9, 0.25, 0.125",
        "0.01, -9, 0.25, 0.125",
        "0.5, -9, 0.5, 0.5",
        "0.5, 9, 0.5, 0.75"
    })
    void begin_sameGapForLong_staysWithinItsBounds(double freshShare, double difference, double first, double last) {
        FreshShare share = share(freshShare, 0.01);
        assertThat(share.share()).isEqualTo(first);
        for (int step = 1; step <= 100; step++) {
            share.trained(gap(step, difference, 1));
            share.begin(step);
            assertThat(share.share()).isBetween(Math.max(0.125, freshShare), 0.75);
        }
        assertThat(share.share()).isEqualTo(last);
    }

    @Test
    void begin_noRate_noGapOrNoDeviation_stays() {
        FreshShare fixed = share(0.125, 0);
        fixed.trained(gap(1, 2, 1));
        fixed.begin(1);
        assertThat(fixed.share()).isEqualTo(0.25);
        FreshShare share = share(0.125, 0.01);
        share.trained(new StepLosses(1, Optional.empty()));
        share.trained(gap(2, 2, 0)); // every image has the same loss within its kind: no unit to measure in
        share.begin(2);
        assertThat(share.content()).isEqualTo(new FreshShareContent(0.25, 0, List.of()));
    }

    @Test
    void read_contentWritten_sameToTheBit() {
        FreshShare share = share(0.125, 0.01);
        share.trained(StepLosses.of(1, new float[] {0.1f, 0.2f, 0.7f}, 1));
        share.begin(1);
        share.trained(StepLosses.of(2, new float[] {0.3f, 1e-30f, 0.7f}, 2));
        share.trained(new StepLosses(3, Optional.empty()));
        FreshShareContent content = share.content();
        assertThat(Json.read(Json.write(content), FreshShareContent.class)).isEqualTo(content);
    }

    private static FreshShare share(double freshShare, double rate) {
        return new FreshShare(TestReplay.twoTier(LongTerm.RESERVOIR, 100, freshShare, rate));
    }

    private static StepLosses gap(long step, double difference, double variance) {
        return new StepLosses(step, Optional.of(new Gap(difference, variance)));
    }
}
