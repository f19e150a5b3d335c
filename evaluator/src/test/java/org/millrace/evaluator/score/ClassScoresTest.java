package org.millrace.evaluator.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ClassScoresTest {
    @Test
    void accuracy_ofRandomScores_agreesWithSortingThem() {
        long seed = 7501;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int rows = 200;
        int classes = 9;
        double[] values =
                random.ints((long) rows * classes, 0, 12).asDoubleStream().toArray(); // with ties
        int[] labels = random.ints(rows, 0, classes).toArray();
        ClassScores scores = new ClassScores(classes, values);
        for (int k = 1; k <= classes; k++) {
            int best = k;
            long hits = IntStream.range(0, rows)
                    .filter(row -> IntStream.range(0, classes)
                            .boxed()
                            .sorted(Comparator.comparingDouble(c -> -values[row * classes + c]))
                            .limit(best)
                            .anyMatch(c -> c == labels[row]))
                    .count();
            assertThat(scores.accuracy(labels, k)).as("top %d", k).isEqualTo(hits / (double) rows);
        }
    }

    @Test
    void accuracy_ofNaN_isAMiss() {
        double[] values = new double[6];
        Arrays.fill(values, Double.NaN);
        assertThat(new ClassScores(3, values).accuracy(new int[] {0, 2}, 1)).isZero();
        assertThat(new ClassScores(3, values).accuracy(new int[] {0, 2}, 2)).isZero();
    }

    @Test
    void accuracy_otherNumberOfLabels_isRefused() {
        assertThatThrownBy(() -> new ClassScores(2, new double[6]).accuracy(new int[2], 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 labels do not fit 3 rows of scores");
    }
}
