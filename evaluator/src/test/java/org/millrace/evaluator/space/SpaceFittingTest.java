package org.millrace.evaluator.space;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.event.SpaceScores.Adapter;
import org.millrace.contract.event.SpaceScores.Kind;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class SpaceFittingTest {
    private static final int K = 10;

    @Test
    void fit_ofAReflectedPermutedAndNoisySpace_findsTheOldNeighboursThatRawQueriesLose() {
        Random random = RandomMatrices.random(4700);
        FeatureMatrix to = RandomMatrices.mixed(random, 300, 12);
        SpaceScores scores =
                SpaceFitting.fit(400, turned(random, to, 0.01), to, K).scores();
        Adapter adapter = scores.adapter().orElseThrow();
        assertThat(scores.space()).isEqualTo(400);
        assertThat(scores.anchors()).isEqualTo(300);
        assertThat(scores.heldOut()).isEqualTo(60);
        assertThat(adapter.fitted()).isEqualTo(240);
        assertThat(scores.raw().orElseThrow()).isLessThan(0.5);
        assertThat(adapter.recall()).isGreaterThan(0.9);
        assertThat(adapter.cosine()).isGreaterThan(0.99);
        assertThat(adapter.relativeError()).isLessThan(0.01);
        assertThat(adapter.isWeak()).isFalse();
    }

    @Test
    void fit_ofASpaceOfAnotherWidth_isARidgeWithoutARawRecall() {
        Random random = RandomMatrices.random(4710);
        FeatureMatrix to = RandomMatrices.mixed(random, 200, 6);
        FeatureMatrix from = wider(random, to, 9);
        SpaceFit fit = SpaceFitting.fit(0, from, to, K);
        assertThat(fit.scores().raw()).isEmpty();
        assertThat(fit.scores().adapter().orElseThrow().kind()).isEqualTo(Kind.RIDGE);
        assertThat(fit.scores().adapter().orElseThrow().recall()).isGreaterThan(0.9);
        assertThat(fit.map().orElseThrow().inputs()).isEqualTo(9);
        assertThat(fit.map().orElseThrow().outputs()).isEqualTo(6);
    }

    @Test
    void fit_heldOutAnchorsReplacedByNoise_isTheSameMapWithAnHonestWorseScore() {
        Random random = RandomMatrices.random(4720);
        FeatureMatrix to = RandomMatrices.mixed(random, 200, 8);
        FeatureMatrix from = turned(random, to, 0.05);
        SpaceFit fit = SpaceFitting.fit(400, from, to, K);
        double[] values = from.values().clone();
        for (int row : AnchorSplit.of(200).heldOut()) {
            for (int j = 0; j < 8; j++) {
                values[row * 8 + j] = random.nextGaussian();
            }
        }
        SpaceFit noisy = SpaceFitting.fit(400, new FeatureMatrix(200, 8, values), to, K);
        assertThat(noisy.map()).as("no part in the fit").isEqualTo(fit.map());
        assertThat(noisy.scores().adapter().orElseThrow().recall())
                .isLessThan(fit.scores().adapter().orElseThrow().recall() - 0.3);
        assertThat(noisy.scores().adapter().orElseThrow().relativeError()).isGreaterThan(0.5);
    }

    @Test
    void fit_ofNearlyTheSameSpace_isNoWorseThanRawQueries() {
        Random random = RandomMatrices.random(4725);
        FeatureMatrix to = RandomMatrices.mixed(random, 300, 40);
        double[] values = to.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] += 0.01 * random.nextGaussian();
        }
        SpaceFit fit = SpaceFitting.fit(400, new FeatureMatrix(300, 40, values), to, K);
        double raw = fit.scores().raw().orElseThrow();
        assertThat(raw).isGreaterThan(0.9);
        assertThat(fit.scores().adapter().orElseThrow().recall()).isGreaterThan(raw - 0.03);
    }

    @Test
    void fit_ofUnrelatedFeatures_saysThatItIsWorthNothing() {
        Random random = RandomMatrices.random(4730);
        SpaceScores scores = SpaceFitting.fit(
                        400, RandomMatrices.gaussian(random, 400, 8), RandomMatrices.gaussian(random, 400, 8), K)
                .scores();
        Adapter adapter = scores.adapter().orElseThrow();
        assertThat(adapter.recall()).as("chance is 10 of 399").isLessThan(0.1);
        assertThat(adapter.relativeError()).as("their mean achieves 1").isGreaterThan(0.85);
    }

    @ParameterizedTest
    @ValueSource(ints = {12, 49})
    void fit_ofTooFewAnchors_isRefusedWithTheirNumber(int anchors) {
        FeatureMatrix to = RandomMatrices.gaussian(RandomMatrices.random(4740), anchors, 4);
        SpaceFit fit = SpaceFitting.fit(400, to, to, K);
        assertThat(fit.map()).isEmpty();
        assertThat(fit.scores().refused().orElseThrow()).contains("there are " + anchors + " anchor images");
    }

    @Test
    void fit_ofConstantFeatures_isRefusedWithTheReason() {
        FeatureMatrix good = RandomMatrices.gaussian(RandomMatrices.random(4750), 100, 4);
        FeatureMatrix constant = RandomMatrices.constant(100, 4);
        assertThat(SpaceFitting.fit(400, constant, good, K).scores().refused().orElseThrow())
                .contains("the same in the first");
        SpaceFit fit = SpaceFitting.fit(400, good, constant, K);
        assertThat(fit.scores().refused().orElseThrow()).contains("the same in the second");
        assertThat(fit.map()).isEmpty();
    }

    @Test
    void fit_twice_isTheSame() {
        Random random = RandomMatrices.random(4760);
        FeatureMatrix to = RandomMatrices.mixed(random, 150, 6);
        FeatureMatrix from = turned(random, to, 0.3);
        assertThat(SpaceFitting.fit(400, from, to, K)).isEqualTo(SpaceFitting.fit(400, from, to, K));
    }

    @Test
    void split_ofAnchors_hasEachOnceAndClassesThatComeInTurnsInEveryPart() {
        AnchorSplit split = AnchorSplit.of(1000);
        Set<Integer> all = new HashSet<>();
        for (int[] part : new int[][] {split.fitted(), split.chosenBy(), split.heldOut()}) {
            Arrays.stream(part).forEach(place -> assertThat(all.add(place)).isTrue());
            for (int period : new int[] {2, 5, 10}) {
                long classes = Arrays.stream(part)
                        .map(place -> place % period)
                        .distinct()
                        .count();
                assertThat(classes).isEqualTo(period);
            }
        }
        assertThat(all).hasSize(1000);
        assertThat(split.heldOut()).hasSize(200);
        assertThat(split.seen()).hasSize(800).isSorted();
    }

    @Test
    void recall_ofKnownPlaces_countsHitsWithoutTheImageItself() {
        FeatureMatrix index = new FeatureMatrix(4, 2, new double[] {1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9});
        int[] images = {0, 2};
        IndexRecall truth = IndexRecall.of(index, images, index.select(images), 1); // 0 → 1, 2 → 3
        FeatureMatrix swapped = new FeatureMatrix(2, 2, new double[] {1, 0, 1, 0}); // 2 now → 0
        assertThat(IndexRecall.of(index, images, swapped, 1).of(truth)).isEqualTo(0.5);
        assertThat(truth.of(truth)).isEqualTo(1);
    }

    /** Columns in another order, every second one's sign turned, scaled, shifted, with noise. */
    private static FeatureMatrix turned(Random random, FeatureMatrix x, double noise) {
        int d = x.columns();
        double[] values = new double[x.values().length];
        for (int i = 0; i < values.length; i++) {
            int row = i / d;
            int j = i % d;
            double sign = j % 2 == 0 ? 1 : -1;
            values[i] = 2 + 3 * sign * x.values()[row * d + (j + 5) % d] + noise * random.nextGaussian();
        }
        return new FeatureMatrix(x.rows(), d, values);
    }

    private static FeatureMatrix wider(Random random, FeatureMatrix x, int columns) {
        double[] mix = RandomMatrices.gaussian(random, x.columns(), columns).values();
        double[] values = new double[x.rows() * columns];
        for (int row = 0; row < x.rows(); row++) {
            for (int j = 0; j < columns; j++) {
                for (int i = 0; i < x.columns(); i++) {
                    values[row * columns + j] += x.values()[row * x.columns() + i] * mix[i * columns + j];
                }
            }
        }
        return new FeatureMatrix(x.rows(), columns, values);
    }
}
