package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** The random transformation that makes a view of an image. The defaults are MoCo v2's without blur, as for small images. */
public record AugmentConfig(
        @Setting(
                value = "resized",
                doc =
                        "`resized` (a box of random area and ratio) or `translate` (the whole image, shifted, edges mirrored)",
                effect = Effect.NUMBERS)
        Crop crop,

        @Setting(value = "0.2", doc = "smallest share of the area that a resized crop takes", effect = Effect.NUMBERS)
        double cropScaleMin,

        @Setting(value = "1.0", doc = "largest share of the area that a resized crop takes", effect = Effect.NUMBERS)
        double cropScaleMax,

        @Setting(value = "0.75", doc = "smallest ratio of width to height of a resized crop", effect = Effect.NUMBERS)
        double cropRatioMin,

        @Setting(
                value = "1.3333333333333333",
                doc = "largest ratio of width to height of a resized crop",
                effect = Effect.NUMBERS)
        double cropRatioMax,

        @Setting(
                value = "true",
                doc =
                        "whether shrinking a crop averages over all merged pixels, or interpolates between the two nearest",
                effect = Effect.NUMBERS)
        boolean antialias,

        @Setting(
                value = "4",
                doc = "largest shift of a translation in each direction, in pixels of the input, at most 15",
                effect = Effect.NUMBERS)
        int translatePixels,

        @Setting(value = "0.8", doc = "probability of the shift where crop is translate", effect = Effect.NUMBERS)
        double translateProbability,

        @Setting(value = "0.5", doc = "probability of a horizontal flip", effect = Effect.NUMBERS)
        double flipProbability,

        @Setting(
                value = "false",
                doc = "whether the flip is drawn once for both views of an image (AMDIM)",
                effect = Effect.NUMBERS)
        boolean flipOnce,

        @Setting(value = "0.8", doc = "probability of colour jitter", effect = Effect.NUMBERS)
        double jitterProbability,

        @Setting(value = "0.4", doc = "brightness factor is drawn from 1 ± this", effect = Effect.NUMBERS)
        double brightness,

        @Setting(value = "0.4", doc = "contrast factor is drawn from 1 ± this", effect = Effect.NUMBERS)
        double contrast,

        @Setting(value = "0.4", doc = "saturation factor is drawn from 1 ± this", effect = Effect.NUMBERS)
        double saturation,

        @Setting(
                value = "0.1",
                doc = "hue shift is drawn from ± this part of the circle, at most 0.5",
                effect = Effect.NUMBERS)
        double hue,

        @Setting(value = "0.2", doc = "probability of turning grey", effect = Effect.NUMBERS)
        double greyProbability,

        @Setting(
                value = "torchvision",
                doc = "weights of red, green and blue in grey: `torchvision` (of its tensors) or `itu601` (of PIL)",
                effect = Effect.NUMBERS)
        Luma luma,

        @Setting(value = "0.0", doc = "probability of Gaussian blur", effect = Effect.NUMBERS)
        double blurProbability,

        @Setting(
                value = "-1",
                doc = "probability of Gaussian blur in the second view; -1 as in the first",
                effect = Effect.NUMBERS)
        double secondBlurProbability,

        @Setting(value = "0.1", doc = "smallest σ of the blur, in pixels", effect = Effect.NUMBERS)
        double blurSigmaMin,

        @Setting(value = "2.0", doc = "largest σ of the blur, in pixels", effect = Effect.NUMBERS)
        double blurSigmaMax,

        @Setting(
                value = "0",
                doc = "pixels that the blur's kernel spans, odd, at most 31; 0 takes a tenth of the shorter side",
                effect = Effect.NUMBERS)
        int blurTaps,

        @Setting(value = "0.0", doc = "probability of solarising, after the blur", effect = Effect.NUMBERS)
        double solariseProbability,

        @Setting(
                value = "-1",
                doc = "probability of solarising in the second view; -1 as in the first",
                effect = Effect.NUMBERS)
        double secondSolariseProbability,

        @Setting(value = "0.5", doc = "values of at least this are inverted when solarising", effect = Effect.NUMBERS)
        double solariseThreshold) {
    /** As the first view: what a probability of the second view says by default. */
    private static final double AS_THE_FIRST = -1;

    public AugmentConfig {
        check(
                cropScaleMin > 0 && cropScaleMin <= cropScaleMax && cropScaleMax <= 1,
                "augment.crop-scale-min and -max must satisfy 0 < min <= max <= 1, but were %s and %s",
                cropScaleMin,
                cropScaleMax);
        check(
                cropRatioMin > 0 && cropRatioMin <= cropRatioMax,
                "augment.crop-ratio-min and -max must satisfy 0 < min <= max, but were %s and %s",
                cropRatioMin,
                cropRatioMax);
        check(
                translatePixels >= 0 && translatePixels <= 15,
                "augment.translate-pixels must be in [0, 15], but was %d",
                translatePixels);
        inUnit("translate-probability", translateProbability);
        inUnit("flip-probability", flipProbability);
        inUnit("jitter-probability", jitterProbability);
        inUnit("grey-probability", greyProbability);
        inUnit("blur-probability", blurProbability);
        inUnit("solarise-probability", solariseProbability);
        inUnit("solarise-threshold", solariseThreshold);
        inUnit("brightness", brightness);
        inUnit("contrast", contrast);
        inUnit("saturation", saturation);
        ofSecondView("second-blur-probability", secondBlurProbability);
        ofSecondView("second-solarise-probability", secondSolariseProbability);
        check(hue >= 0 && hue <= 0.5, "augment.hue must be in [0, 0.5], but was %s", hue);
        check(
                blurSigmaMin > 0 && blurSigmaMin <= blurSigmaMax,
                "augment.blur-sigma-min and -max must satisfy 0 < min <= max, but were %s and %s",
                blurSigmaMin,
                blurSigmaMax);
        check(
                blurTaps == 0 || (blurTaps % 2 == 1 && blurTaps >= 3 && blurTaps <= 31),
                "augment.blur-taps must be 0 or odd in [3, 31], but was %d",
                blurTaps);
    }

    public double blurProbability(View view) {
        return of(view, blurProbability, secondBlurProbability);
    }

    public double solariseProbability(View view) {
        return of(view, solariseProbability, secondSolariseProbability);
    }

    private static double of(View view, double first, double second) {
        return switch (view) {
            case FIRST -> first;
            case SECOND -> second == AS_THE_FIRST ? first : second;
        };
    }

    private static void inUnit(String key, double value) {
        check(value >= 0 && value <= 1, "augment.%s must be in [0, 1], but was %s", key, value);
    }

    private static void ofSecondView(String key, double value) {
        check(
                value == AS_THE_FIRST || (value >= 0 && value <= 1),
                "augment.%s must be in [0, 1], or -1 for the first view's, but was %s",
                key,
                value);
    }

    /** Which of the two views of an image. */
    public enum View {
        FIRST,
        SECOND
    }

    /** How a view is cut out of the image. */
    public enum Crop {
        RESIZED,
        TRANSLATE
    }

    /** Weights of red, green and blue in a grey value. */
    public enum Luma {
        /** ITU-R 601 to the digits of torchvision's float tensors; they add up to 0.9999. */
        TORCHVISION(0.2989f, 0.587f, 0.114f),
        /** ITU-R 601 in full, as PIL has it. */
        ITU601(0.299f, 0.587f, 0.114f);

        private final float red;
        private final float green;
        private final float blue;

        Luma(float red, float green, float blue) {
            this.red = red;
            this.green = green;
            this.blue = blue;
        }

        public float of(float red, float green, float blue) {
            return this.red * red + this.green * green + this.blue * blue;
        }
    }
}
