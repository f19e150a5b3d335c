package org.millrace.evaluator.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.evaluator.RandomMatrices;
import org.millrace.evaluator.score.FeatureMatrix;

class FeatureSumsTest {
    @Test
    void gaussian_ofBatchesAddedInAnyOrder_isThatOfAllRows() {
        Random random = RandomMatrices.random(51);
        FeatureMatrix all = RandomMatrices.mixed(random, 90, 7);
        Gaussian wanted = Gaussian.of(all);
        for (int[] order : new int[][] {{0, 1, 2}, {2, 0, 1}}) {
            FeatureSums sums = new FeatureSums(7);
            for (int part : order) {
                sums.add(FeatureSums.of(
                        new FeatureMatrix(30, 7, Arrays.copyOfRange(all.values(), part * 210, part * 210 + 210))));
            }
            assertThat(sums.count()).isEqualTo(90);
            Gaussian got = sums.gaussian();
            assertThat(got.mean().data).containsExactly(wanted.mean().data, within(1e-12));
            assertThat(got.covariance().data).containsExactly(wanted.covariance().data, within(1e-10));
        }
    }

    @Test
    void add_otherDimension_isRefused() {
        assertThatThrownBy(() -> new FeatureSums(7).add(new FeatureSums(8)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sums of 7 dimensions cannot take those of 8");
        assertThatThrownBy(() -> new FeatureSums(7).gaussian()).isInstanceOf(IllegalArgumentException.class);
    }
}
