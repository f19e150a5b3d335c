package org.millrace.numerics.health;

import java.util.Arrays;
import java.util.Optional;
import org.millrace.contract.event.Health;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Samples;

/** What the product reports of features or projections without labels. */
public final class HealthCheck {
    /** More images than this are left out: uniformity compares all pairs. */
    static final int MOST_IMAGES = 4096;

    /** Ranks of α-ReQ, 0-based, half open: the first few follow the data's largest structure, not the law. */
    private static final int FIRST_RANK = 3;

    private static final int END_RANK = 100;
    private static final int LEAST_RANKS = 8;

    /** Share of the largest eigenvalue under which the others are rounding of float32 features. */
    private static final double RESOLUTION = 1e-12;

    private HealthCheck() {}

    /** Of the first {@link #MOST_IMAGES} rows. Throws {@link IllegalArgumentException} for under 2 rows or values that are not finite. */
    public static Health of(FeatureMatrix all) {
        Samples.require(all, 2, "the health of an encoder");
        FeatureMatrix features = first(all);
        Spectrum.Both spectra = Spectrum.of(features);
        return new Health(
                features.rows(),
                features.columns(),
                FeatureSpread.ofUnitRows(features).mean(),
                spectra.raw().rankMe(Spectrum.EPSILON),
                spectra.centred().rankMe(Spectrum.EPSILON),
                alphaReq(spectra.centred().covarianceEigenvalues(features.rows())),
                AlignmentUniformity.uniformity(features, AlignmentUniformity.TEMPERATURE));
    }

    /** Mean squared distance of the unit features of two views, row by row; throws as {@link #of}, and where the shapes differ. */
    public static double alignment(FeatureMatrix first, FeatureMatrix second) {
        return AlignmentUniformity.alignment(first, second, 2);
    }

    private static FeatureMatrix first(FeatureMatrix all) {
        int rows = Math.min(all.rows(), MOST_IMAGES);
        return new FeatureMatrix(rows, all.columns(), Arrays.copyOf(all.values(), rows * all.columns()));
    }

    private static Optional<Health.PowerLaw> alphaReq(double[] eigenvalues) {
        double least = RESOLUTION * eigenvalues[0];
        int resolved = (int)
                Arrays.stream(eigenvalues).takeWhile(value -> value > least).count();
        int end = Math.min(resolved, END_RANK);
        if (end - FIRST_RANK < LEAST_RANKS) {
            return Optional.empty();
        }
        double exponent = PowerLaw.weighted(eigenvalues, FIRST_RANK, end).exponent();
        return Optional.of(new Health.PowerLaw(exponent, FIRST_RANK + 1, end));
    }
}
