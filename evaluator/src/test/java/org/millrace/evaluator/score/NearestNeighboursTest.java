package org.millrace.evaluator.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;

final class NearestNeighboursTest {
    private final Workers workers = new Workers(2);

    @AfterEach
    void close() {
        workers.close();
    }

    @Test
    void find_ofVector_matchesReference() {
        ReferenceVector vector = ReferenceVector.load("metric_knn_classifier");
        int k = vector.integer("k");
        double temperature = vector.number("T");
        int classes = vector.integer("classes");
        FeatureMatrix images = matrix(vector, "queries");
        Neighbours found = new NearestNeighbours(matrix(vector, "bank"), k, workers).find(images);
        vector.check("topk_indices", found.indices);
        vector.check("topk_similarity", found.similarities);

        int[] labels = vector.integers("bank_labels");
        double[] votes = found.votes(labels, classes, temperature);
        for (int i = 0; i < votes.length; i++) {
            votes[i] *=
                    Math.exp(found.similarities[i / classes * k] / temperature); // ours are in units of the nearest's
        }
        vector.check("class_scores", votes);
        vector.check(
                "neighbour_counts", found.votes(labels, classes, Double.MAX_VALUE)); // so warm that every vote is 1

        int[] predictions = found.predict(labels, classes, temperature);
        vector.check("predictions", predictions);
        LabelledFeatures queries = new LabelledFeatures(images, vector.integers("query_labels"));
        vector.check("top1", queries.accuracy(queries.hits(predictions)));
        vector.check("top1", new ClassScores(classes, votes).accuracy(queries, 1));
        vector.allChecked();
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "70,33,7,5", "257,64,16,20", "50,5,3,50", "40,130,9,7"})
    void find_ofRandomRows_agreesWithSortingAll(int bankRows, int queryRows, int columns, int k) {
        long seed = 911L + bankRows;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        FeatureMatrix bank = gaussian(random, bankRows, columns);
        FeatureMatrix queries = gaussian(random, queryRows, columns);
        Neighbours found = new NearestNeighbours(bank, k, workers).find(queries);
        for (int query = 0; query < queryRows; query++) {
            int q = query;
            int[] sorted = IntStream.range(0, bankRows)
                    .boxed()
                    .sorted(Comparator.comparingDouble(row -> -cosine(queries, q, bank, row)))
                    .limit(k)
                    .mapToInt(Integer::intValue)
                    .toArray();
            for (int i = 0; i < k; i++) {
                assertThat(found.indices[query * k + i]).isEqualTo(sorted[i]);
                assertThat(found.similarities[query * k + i])
                        .isCloseTo(cosine(queries, query, bank, sorted[i]), Offset.offset(1e-12));
            }
        }
    }

    @Test
    void find_ofEquallySimilarRows_takesTheFirst() {
        FeatureMatrix bank = new FeatureMatrix(4, 2, new double[] {0, 1, 2, 0, 3, 0, 1, 0});
        Neighbours found = new NearestNeighbours(bank, 2, workers).find(new FeatureMatrix(1, 2, new double[] {5, 0}));
        assertThat(found.indices).containsExactly(1, 2);
    }

    @Test
    void k_beyondTheBank_isClamped() {
        FeatureMatrix bank = gaussian(new Random(3), 6, 4);
        NearestNeighbours search = new NearestNeighbours(bank, 200, workers);
        assertThat(search.k()).isEqualTo(6);
        assertThat(search.find(bank).indices).hasSize(36);
    }

    @Test
    void predict_atTinyTemperature_followsTheNearestWithoutOverflow() {
        FeatureMatrix bank = new FeatureMatrix(3, 2, new double[] {1, 0, 1, 0.2, 1, 0.3});
        Neighbours found = new NearestNeighbours(bank, 3, workers).find(new FeatureMatrix(1, 2, new double[] {1, 0}));
        int[] predictions = found.predict(new int[] {1, 0, 0}, 2, 1e-5);
        assertThat(predictions).containsExactly(1);
    }

    @Test
    void find_withZeroRows_givesSimilarityZero() {
        FeatureMatrix bank = new FeatureMatrix(2, 2, new double[] {0, 0, -1, 0});
        Neighbours found = new NearestNeighbours(bank, 2, workers).find(new FeatureMatrix(1, 2, new double[] {1, 0}));
        assertThat(found.indices).containsExactly(0, 1);
        assertThat(found.similarities).containsExactly(0, -1);
    }

    private static FeatureMatrix gaussian(Random random, int rows, int columns) {
        return new FeatureMatrix(
                rows,
                columns,
                random.doubles((long) rows * columns, -1, 1).map(v -> v * 3).toArray());
    }

    private static double cosine(FeatureMatrix a, int i, FeatureMatrix b, int j) {
        double product = 0;
        double normA = 0;
        double normB = 0;
        for (int d = 0; d < a.columns(); d++) {
            double x = a.values()[i * a.columns() + d];
            double y = b.values()[j * b.columns() + d];
            product += x * y;
            normA += x * x;
            normB += y * y;
        }
        return product / Math.sqrt(normA) / Math.sqrt(normB);
    }
}
