package org.millrace.evaluator.drift.detector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class TailTest {
    private static final long SEED = 41;

    @Test
    void pValue_ofSumsOfSquares_isThatOfChiSquare() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        double[] scores = new double[20_000];
        for (int i = 0; i < scores.length; i++) {
            for (int j = 0; j < 10; j++) {
                scores[i] += Math.pow(random.nextGaussian(), 2);
            }
        }
        Tail tail = Tail.of(scores);
        assertThat(tail.pValue(15.987)).isCloseTo(0.1, within(0.008)); // quantiles of χ² with 10 degrees of freedom
        assertThat(tail.pValue(23.209)).isCloseTo(0.01, within(0.001));
        assertThat(tail.pValue(29.588)).isCloseTo(0.001, within(0.00025));
        assertThat(tail.normalScore(29.588)).isCloseTo(3.09, within(0.1));
    }

    @Test
    void pValue_belowTheHighest_isNormalOrMirrored() {
        assertThat(tail(0).pValue(1)).isCloseTo(0.158655, within(1e-6));
        assertThat(tail(-1).pValue(-2)).isCloseTo(1 - tail(1).pearson(2), within(1e-12));
        assertThat(tail(1).pValue(-2.5)).isEqualTo(1);
        assertThat(tail(0).pValue(2.9)).isEqualTo(0.05); // no lower, since a twentieth lies above 3
        assertThat(tail(0).pValue(3.5)).isCloseTo(0.05 * Math.exp(-1), within(1e-12));
        assertThat(tail(0).normalScore(1)).isCloseTo(1, within(1e-9));
        assertThat(tail(0).normalScore(100)).isCloseTo(7.94, within(0.01));
    }

    @Test
    void pValue_whereNothingVaried_isOneUpToThatScore() {
        Tail tail = Tail.of(DoubleStream.generate(() -> 0.5).limit(20).toArray());
        assertThat(tail.pValue(0.5)).isEqualTo(1);
        assertThat(tail.pValue(0.51)).isZero();
    }

    private static Tail tail(double skewness) {
        return new Tail(0, 1, skewness, 3, 0.5);
    }
}
