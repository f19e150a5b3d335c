package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Optional;

/**
 * Measures of an encoder's features without labels. Ranks and exponents are to be compared within one run only.
 *
 * @param images whose features were measured
 * @param dimensions D of a feature vector
 * @param featureStd mean over the dimensions of the standard deviation of unit features: {@link #healthyStd} where their directions
 *     are spread evenly, 0 where every image has the same ones
 * @param rankMe RankMe of the features as they are, at most min(images, D)
 * @param rankMeCentred RankMe of the features minus their mean
 * @param alphaReq the power law of the covariance's eigenvalues; absent where too few of them are above 0
 * @param uniformity log of the mean of exp(−2‖x − y‖²) over pairs of unit features; 0 is collapsed, lower is more uniform
 */
public record Health(
        int images,
        int dimensions,
        double featureStd,
        double rankMe,
        double rankMeCentred,
        Optional<PowerLaw> alphaReq,
        double uniformity) {
    /**
     * The {@link #spread} under which an encoder counts as collapsed: where all dimensions vary alike, the mean cosine of two images
     * is then above .9999. docs/decisions/0010 says why it is so small.
     */
    public static final double COLLAPSED_SPREAD = 0.01;

    public Health {
        check(images >= 2, "images must be at least 2, but were %d", images);
        check(dimensions >= 1, "dimensions must be at least 1, but were %d", dimensions);
        check(featureStd >= 0, "featureStd must not be negative, but was %s", featureStd);
        check(
                !(rankMe < 0 || rankMeCentred < 0),
                "ranks must not be negative, but were %s and %s",
                rankMe,
                rankMeCentred);
    }

    /** 1/√D, the spread of directions that no direction is preferred among. */
    public double healthyStd() {
        return 1 / Math.sqrt(dimensions);
    }

    /** featureStd in units of {@link #healthyStd}, in [0, 1]: features that are never negative stay well under 1 in good health too. */
    public double spread() {
        return featureStd / healthyStd();
    }

    /** Whether the encoder gives nearly the same features to every image. */
    public boolean collapsed() {
        return spread() < COLLAPSED_SPREAD;
    }

    /**
     * Eigenvalues λ_i ~ i^−exponent over the ranks i from {@code firstRank} to {@code lastRank}, both included, 1 for the largest.
     *
     * @param exponent α of α-ReQ; about 1 is good
     */
    public record PowerLaw(double exponent, int firstRank, int lastRank) {}
}
