package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** The random transformation that makes a view of an image. The defaults are MoCo v2's without blur, as for small images. */
public record AugmentConfig(
        @Setting(value = "0.2", doc = "smallest share of the area that a crop takes")
        double cropScaleMin,

        @Setting(value = "1.0", doc = "largest share of the area that a crop takes")
        double cropScaleMax,

        @Setting(value = "0.5", doc = "probability of a horizontal flip")
        double flipProbability,

        @Setting(value = "0.8", doc = "probability of colour jitter")
        double jitterProbability,

        @Setting(value = "0.4", doc = "brightness factor is drawn from 1 ± this")
        double brightness,

        @Setting(value = "0.4", doc = "contrast factor is drawn from 1 ± this")
        double contrast,

        @Setting(value = "0.4", doc = "saturation factor is drawn from 1 ± this")
        double saturation,

        @Setting(value = "0.1", doc = "hue shift is drawn from ± this part of the circle, at most 0.5")
        double hue,

        @Setting(value = "0.2", doc = "probability of turning grey")
        double greyProbability,

        @Setting(value = "0.0", doc = "probability of Gaussian blur")
        double blurProbability,

        @Setting(value = "0.1", doc = "smallest σ of the blur, in pixels")
        double blurSigmaMin,

        @Setting(value = "2.0", doc = "largest σ of the blur, in pixels")
        double blurSigmaMax) {
    public AugmentConfig {
        check(
                cropScaleMin > 0 && cropScaleMin <= cropScaleMax && cropScaleMax <= 1,
                "augment.crop-scale-min and -max must satisfy 0 < min <= max <= 1, but were %s and %s",
                cropScaleMin,
                cropScaleMax);
        probability("flip-probability", flipProbability);
        probability("jitter-probability", jitterProbability);
        probability("grey-probability", greyProbability);
        probability("blur-probability", blurProbability);
        probability("brightness", brightness);
        probability("contrast", contrast);
        probability("saturation", saturation);
        check(hue >= 0 && hue <= 0.5, "augment.hue must be in [0, 0.5], but was %s", hue);
        check(
                blurSigmaMin > 0 && blurSigmaMin <= blurSigmaMax,
                "augment.blur-sigma-min and -max must satisfy 0 < min <= max, but were %s and %s",
                blurSigmaMin,
                blurSigmaMax);
    }

    private static void probability(String key, double value) {
        check(value >= 0 && value <= 1, "augment.%s must be in [0, 1], but was %s", key, value);
    }
}
