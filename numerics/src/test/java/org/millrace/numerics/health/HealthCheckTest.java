package org.millrace.numerics.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.millrace.contract.event.Health;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class HealthCheckTest {
    @Test
    void of_isotropicFeatures_isHealthy() {
        FeatureMatrix features = RandomMatrices.gaussian(RandomMatrices.random(11_100), 1000, 64);
        Health health = HealthCheck.of(features);
        assertThat(health.images()).isEqualTo(1000);
        assertThat(health.dimensions()).isEqualTo(64);
        assertThat(health.healthyStd()).isEqualTo(0.125);
        assertThat(health.spread()).isCloseTo(1, within(0.01));
        assertThat(health.collapsed()).isFalse();
        assertThat(health.rankMe()).isBetween(60.0, 64.01);
        assertThat(health.rankMeCentred()).isBetween(60.0, 64.01);
        assertThat(health.uniformity()).isCloseTo(-3.9, within(0.1));
        Health.PowerLaw law = health.alphaReq().orElseThrow();
        assertThat(law.firstRank()).isEqualTo(4);
        assertThat(law.lastRank()).isEqualTo(64);
        assertThat(law.exponent()).isBetween(0.0, 0.5);
    }

    @Test
    void of_nearlyConstantFeatures_isCollapsed() {
        double[] values = RandomMatrices.constant(400, 64).values();
        Random random = RandomMatrices.random(11_101);
        for (int i = 0; i < values.length; i++) {
            values[i] += 1e-3 * random.nextGaussian();
        }
        Health health = HealthCheck.of(new FeatureMatrix(400, 64, values));
        assertThat(health.collapsed()).isTrue();
        assertThat(health.spread()).isLessThan(0.01);
        assertThat(health.uniformity()).isBetween(-0.01, 0.0);
        assertThat(health.rankMe()).isLessThan(1.1);
    }

    @Test
    void of_featuresThatVaryALittleAboutALargeMean_isNotCollapsed() {
        double[] values = RandomMatrices.gaussian(RandomMatrices.random(11_105), 500, 64)
                .values()
                .clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = 1 + 0.05 * values[i];
        }
        Health health = HealthCheck.of(new FeatureMatrix(500, 64, values));
        assertThat(health.spread()).isCloseTo(0.05, within(0.002));
        assertThat(health.collapsed()).isFalse();
    }

    @Test
    void of_constantFeatures_isCollapsedWithoutALaw() {
        Health health = HealthCheck.of(RandomMatrices.constant(30, 20));
        assertThat(health.collapsed()).isTrue();
        assertThat(health.featureStd()).isZero();
        assertThat(health.rankMeCentred()).isZero();
        assertThat(health.alphaReq()).isEmpty();
    }

    @Test
    void alphaReq_ofAPowerLawInFloat32_isItsExponentOverTheResolvedRanks() {
        Random random = RandomMatrices.random(11_102);
        double[] values = new double[4000 * 60];
        for (int i = 0; i < values.length; i++) {
            int d = i % 60;
            values[i] = d < 40 ? (float) (Math.pow(d + 1, -0.6) * random.nextGaussian()) : (float) 0.1;
        }
        Health.PowerLaw law =
                HealthCheck.of(new FeatureMatrix(4000, 60, values)).alphaReq().orElseThrow();
        assertThat(law.lastRank()).isEqualTo(40);
        assertThat(law.exponent()).isCloseTo(1.2, within(0.1));
        assertThat(HealthCheck.of(RandomMatrices.gaussian(random, 50, 10)).alphaReq())
                .isEmpty();
    }

    @Test
    void of_moreImagesThanItMeasures_takesTheFirst() {
        FeatureMatrix features =
                RandomMatrices.gaussian(RandomMatrices.random(11_103), HealthCheck.MOST_IMAGES + 100, 3);
        FeatureMatrix first = new FeatureMatrix(
                HealthCheck.MOST_IMAGES, 3, Arrays.copyOf(features.values(), HealthCheck.MOST_IMAGES * 3));
        assertThat(HealthCheck.of(features)).isEqualTo(HealthCheck.of(first));
    }

    @Test
    void of_badFeatures_saysWhatIsWrong() {
        assertThatThrownBy(() -> HealthCheck.of(new FeatureMatrix(1, 2, new double[2])))
                .hasMessage("not enough features for the health of an encoder: it needs at least 2 rows, but got 1");
        assertThatThrownBy(() -> HealthCheck.of(new FeatureMatrix(2, 1, new double[] {1, Double.NaN})))
                .hasMessage("the health of an encoder: features must be finite, but some are NaN or infinite");
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES) // only a slow algorithm takes that long
    void rankMe_ofTenThousandImages_isComputed() {
        FeatureMatrix x = RandomMatrices.gaussian(RandomMatrices.random(11_104), 10_000, 512);
        long start = System.nanoTime();
        double rank = Spectrum.of(x).raw().rankMe(Spectrum.EPSILON);
        System.out.printf("RankMe %.1f s%n", (System.nanoTime() - start) / 1e9);
        assertThat(rank).isBetween(500.0, 512.1);
    }
}
