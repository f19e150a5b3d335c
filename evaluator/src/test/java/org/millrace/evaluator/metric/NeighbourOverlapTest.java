package org.millrace.evaluator.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;

final class NeighbourOverlapTest {
    @Test
    void values_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_knn_overlap");
        int k = vector.integer("k");
        for (Similarity similarity : Similarity.values()) {
            String name = similarity.name().toLowerCase(Locale.ROOT);
            NeighbourLists x = NeighbourLists.of(matrix(vector, "X"), k, similarity);
            NeighbourLists y = NeighbourLists.of(matrix(vector, "Y"), k, similarity);
            vector.check(name + "_neighbours_X", doubles(x.indices()));
            vector.check(name + "_neighbours_Y", doubles(y.indices()));
            NeighbourOverlap overlap = NeighbourOverlap.of(x, y);
            vector.check(name + "_intersection", doubles(overlap.shared()));
            double[] jaccard = jaccard(overlap.shared(), k);
            vector.check(name + "_jaccard_per_point", jaccard);
            vector.check(
                    name + "_jaccard_mean", Arrays.stream(jaccard).average().orElseThrow());
            vector.check(name + "_overlap_mean", overlap.meanOverlap());
            assertThat(overlap.churn()).isEqualTo(1 - overlap.meanOverlap());
        }
        vector.allChecked();
    }

    @ParameterizedTest
    @EnumSource
    void values_ofRandomFeatures_agreeWithSortingAllAndSets(Similarity similarity) {
        Random random = RandomMatrices.random(10_100);
        FeatureMatrix x = RandomMatrices.mixed(random, 60, 7);
        FeatureMatrix y = RandomMatrices.mixed(random, 60, 5);
        int k = 9;
        NeighbourOverlap overlap =
                NeighbourOverlap.of(NeighbourLists.of(x, k, similarity), NeighbourLists.of(y, k, similarity));
        double mean = 0;
        for (int i = 0; i < 60; i++) {
            Set<Integer> both = sorted(x, i, k, similarity);
            both.retainAll(sorted(y, i, k, similarity));
            assertThat(overlap.shared()[i]).isEqualTo(both.size());
            mean += (double) both.size() / k / 60;
        }
        assertThat(overlap.meanOverlap()).isCloseTo(mean, within(1e-12));
    }

    @Test
    void churn_ofTheSameFeatures_isZero() {
        NeighbourLists lists = NeighbourLists.of(RandomMatrices.gaussian(new Random(2), 30, 4), 29, Similarity.COSINE);
        assertThat(NeighbourOverlap.of(lists, lists).churn()).isZero();
        NeighbourLists constant = NeighbourLists.of(RandomMatrices.constant(6, 3), 2, Similarity.EUCLIDEAN);
        assertThat(Arrays.copyOf(constant.indices(), 6)).containsExactly(1, 2, 0, 2, 0, 1);
    }

    @Test
    void of_badArguments_saysWhatIsWrong() {
        FeatureMatrix x = RandomMatrices.gaussian(new Random(1), 5, 3);
        assertThatThrownBy(() -> NeighbourLists.of(x, 5, Similarity.COSINE))
                .hasMessage("k must be in [1, rows − 1 (4)], but was 5");
        assertThatThrownBy(() -> NeighbourLists.of(RandomMatrices.with(x, 0, Double.NaN), 2, Similarity.COSINE))
                .hasMessageContaining("finite");
        assertThatThrownBy(() -> NeighbourOverlap.of(
                        NeighbourLists.of(x, 2, Similarity.COSINE), NeighbourLists.of(x, 3, Similarity.COSINE)))
                .hasMessage("neighbour lists must be of the same images and k, but were 5×2 and 5×3");
    }

    private static Set<Integer> sorted(FeatureMatrix x, int i, int k, Similarity similarity) {
        return new HashSet<>(IntStream.range(0, x.rows())
                .filter(j -> j != i)
                .boxed()
                .sorted(Comparator.comparingDouble(j -> distance(x, i, j, similarity)))
                .limit(k)
                .toList());
    }

    private static double distance(FeatureMatrix x, int i, int j, Similarity similarity) {
        double dot = 0;
        double a = 0;
        double b = 0;
        for (int d = 0; d < x.columns(); d++) {
            double u = x.values()[i * x.columns() + d];
            double v = x.values()[j * x.columns() + d];
            dot += u * v;
            a += u * u;
            b += v * v;
        }
        return switch (similarity) {
            case COSINE -> -dot / Math.sqrt(a * b);
            case EUCLIDEAN -> a + b - 2 * dot;
        };
    }

    // |A ∩ B| / |A ∪ B|, where |A| = |B| = k
    private static double[] jaccard(int[] shared, int k) {
        return Arrays.stream(shared)
                .mapToDouble(both -> both / (2.0 * k - both))
                .toArray();
    }

    private static double[] doubles(int[] values) {
        return Arrays.stream(values).asDoubleStream().toArray();
    }
}
