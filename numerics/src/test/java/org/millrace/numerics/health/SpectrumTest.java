package org.millrace.numerics.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.millrace.numerics.VectorMatrices.matrix;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.RandomMatrices;
import org.millrace.numerics.SlowSpectrum;

final class SpectrumTest {
    @Test
    void ranks_ofVector_matchReference() {
        ReferenceVector vector = ReferenceVector.load("metric_rankme");
        double epsilon = vector.number("eps");
        assertThat(epsilon).isEqualTo(Spectrum.EPSILON);
        for (String name : List.of("Z", "Z_lowrank")) {
            Spectrum.Both spectra = Spectrum.of(matrix(vector, name));
            vector.check(name + "_singular_values", spectra.raw().values());
            vector.check(name + "_rankme", spectra.raw().rankMe(epsilon));
            vector.check(name + "_effective_rank", spectra.raw().rankMe(0));
            vector.check(name + "_rankme_centred", spectra.centred().rankMe(epsilon));
            double[] eigenvalues =
                    spectra.centred().covarianceEigenvalues(2); // times N − 1, of which a rank knows nothing
            vector.check(name + "_cov_eig_entropy_rank", new Spectrum(eigenvalues).rankMe(0));
        }
        vector.allChecked();
        double[] values = Spectrum.of(matrix(vector, "Z_lowrank")).raw().values();
        assertThat(Arrays.stream(values).filter(value -> value > 0).count()).isEqualTo(vector.integer("true_rank"));
    }

    @ParameterizedTest
    @CsvSource({"40,7", "7,40", "9,9", "2,5", "300,30"})
    void of_randomFeatures_agreesWithJacobiRotations(int rows, int columns) {
        FeatureMatrix features = RandomMatrices.mixed(RandomMatrices.random(4100 + rows), rows, columns);
        Spectrum.Both spectra = Spectrum.of(features);
        assertThat(spectra.raw().values()).hasSize(Math.min(rows, columns));
        compare(spectra.raw().values(), SlowSpectrum.singularValues(features));
        compare(spectra.centred().values(), SlowSpectrum.singularValues(SlowSpectrum.centred(features)));
        assertThat(spectra.raw().rankMe(Spectrum.EPSILON))
                .isCloseTo(SlowSpectrum.rankMe(features, Spectrum.EPSILON), within(1e-8));
    }

    @Test
    void rankMe_ofOrthogonalDirections_isTheirNumber() {
        double[] values = new double[12 * 4];
        for (int row = 0; row < 12; row++) {
            values[row * 4 + row % 3] = row < 6 ? 2 : -2;
        }
        Spectrum.Both spectra = Spectrum.of(new FeatureMatrix(12, 4, values));
        assertThat(spectra.raw().rankMe(0)).isCloseTo(3, within(1e-12));
        assertThat(spectra.centred().rankMe(Spectrum.EPSILON)).isCloseTo(3, within(1e-5));
    }

    @Test
    void rankMe_withAMeanFarFromZero_isSmallUnlessCentred() {
        FeatureMatrix features = RandomMatrices.gaussian(RandomMatrices.random(4201), 500, 16);
        double[] shifted = features.values().clone();
        for (int i = 0; i < shifted.length; i++) {
            shifted[i] += 20;
        }
        Spectrum.Both spectra = Spectrum.of(new FeatureMatrix(500, 16, shifted));
        assertThat(spectra.raw().rankMe(Spectrum.EPSILON)).isLessThan(8);
        assertThat(spectra.centred().rankMe(Spectrum.EPSILON))
                .isGreaterThan(15)
                .isCloseTo(Spectrum.of(features).centred().rankMe(Spectrum.EPSILON), within(1e-9));
    }

    @Test
    void of_constantFeatures_hasRankOneAndCentredZero() {
        Spectrum.Both spectra = Spectrum.of(RandomMatrices.constant(50, 6));
        assertThat(spectra.raw().rankMe(0)).isCloseTo(1, within(1e-12));
        assertThat(spectra.centred().values()).containsOnly(0);
        assertThat(spectra.centred().rankMe(Spectrum.EPSILON)).isZero();
        assertThat(Spectrum.of(new FeatureMatrix(3, 2, new double[6])).raw().rankMe(Spectrum.EPSILON))
                .isZero();
    }

    @Test
    void of_badFeatures_saysWhatIsWrong() {
        assertThatThrownBy(() -> Spectrum.of(new FeatureMatrix(1, 3, new double[3])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("not enough features for the singular values: it needs at least 2 rows, but got 1");
        FeatureMatrix features = RandomMatrices.gaussian(new Random(1), 5, 3);
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> Spectrum.of(RandomMatrices.with(features, 7, bad)))
                    .hasMessage("the singular values: features must be finite, but some are NaN or infinite");
        }
    }

    private static void compare(double[] actual, double[] expected) {
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).as("value %d", i).isCloseTo(expected[i], within(1e-11 * expected[0] + 1e-12));
        }
    }
}
