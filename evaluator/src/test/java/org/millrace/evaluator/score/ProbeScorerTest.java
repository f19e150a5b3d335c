package org.millrace.evaluator.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.event.Evaluation.LinearScore;
import org.millrace.numerics.FeatureMatrix;

final class ProbeScorerTest {
    private static final EvaluatorConfig CONFIG = new ConfigLoader().load().evaluator();

    @Test
    void score_ofFarClouds_isPerfect() {
        ProbeScorer.Scores scores = score(RandomFeatures.blobs(new Random(41), 400, 8, 5, 0.05), 5);
        assertThat(scores.linear().accuracy()).isEqualTo(1);
        assertThat(scores.linear().converged()).isTrue();
        assertThat(scores.neighbours().accuracy()).isEqualTo(1);
        assertThat(scores.neighbours().k())
                .isEqualTo(40); // of the 200 that evaluator.neighbours asks for: 200 images of 5 classes
        assertThat(scores.neighbours().temperature()).isEqualTo(0.1);
    }

    @Test
    void score_ofFeaturesWithoutMeaning_isAtChance() {
        long seed = 42;
        System.out.println("seed " + seed);
        ProbeScorer.Scores scores = score(RandomFeatures.blobs(new Random(seed), 4000, 4, 4, 1000), 4);
        assertThat(scores.linear().accuracy()).isCloseTo(0.25, within(0.06));
        assertThat(scores.neighbours().accuracy()).isCloseTo(0.25, within(0.06));
        assertThat(scores.linear().l2()).isIn(1e-2, 1e-3, 1e-4, 1e-5);
    }

    @Test
    void score_ofFewerImagesOfAClassThanNeighbours_recordsTheKThatVoted() {
        ProbeScorer.Scores scores = score(RandomFeatures.blobs(new Random(43), 60, 4, 2, 0.1), 2);
        assertThat(scores.neighbours().k()).isEqualTo(15);
    }

    @ParameterizedTest
    @CsvSource({"200, 183, 3, 61", "200, 183, 183, 1", "200, 5, 9, 1", "20, 1000, 10, 20", "200, 50000, 10, 200"})
    void voters_areAtMostTheImagesOfAClassOnAverage(int asked, int rows, int classes, int voters) {
        var images = new LabelledFeatures(new FeatureMatrix(rows, 1, new double[rows]), new int[rows]);
        assertThat(images.voters(asked, classes)).isEqualTo(voters);
    }

    @Test
    void linearProbe_ofShiftedAndScaledFeatures_isTheSame() {
        LabelledFeatures plain = RandomFeatures.blobs(new Random(44), 600, 6, 3, 1.2);
        double[] moved = plain.features().values().clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] = moved[i] * (i % 6 + 0.5) * 100 + 40;
        }
        LabelledFeatures other = new LabelledFeatures(new FeatureMatrix(600, 6, moved), plain.labels());
        LinearScore first = score(plain, 3).linear();
        LinearScore second = score(other, 3).linear();
        assertThat(second.accuracy()).isEqualTo(first.accuracy());
        assertThat(second.l2()).isEqualTo(first.l2());
    }

    @Test
    void linearProbe_withConstantColumn_ignoresItInTheTestHalfToo() {
        LabelledFeatures plain = RandomFeatures.blobs(new Random(45), 200, 3, 2, 0.1);
        double[] padded = new double[200 * 4];
        for (int row = 0; row < 200; row++) {
            System.arraycopy(plain.features().values(), row * 3, padded, row * 4, 3);
            padded[row * 4 + 3] = row < 100 ? 0.1 : row * 1e6;
        }
        assertThat(score(new LabelledFeatures(new FeatureMatrix(200, 4, padded), plain.labels()), 2)
                        .linear()
                        .accuracy())
                .isEqualTo(1);
    }

    @Test
    void score_ofFeaturesThatAreNotFinite_isRefused() {
        LabelledFeatures broken = RandomFeatures.blobs(new Random(46), 40, 3, 2, 0.1);
        broken.features().values()[7] = Double.NaN;
        assertThatThrownBy(() -> score(broken, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("features must be finite");
    }

    /** The first half of the rows trains, the second tests. */
    private static ProbeScorer.Scores score(LabelledFeatures all, int classes) {
        int middle = all.size() / 2;
        LabelledFeatures train = all.select(IntStream.range(0, middle).toArray());
        LabelledFeatures test = all.select(IntStream.range(middle, all.size()).toArray());
        try (ProbeScorer scorer = new ProbeScorer(CONFIG, 2)) {
            return scorer.score(train, test, classes);
        }
    }
}
