package org.millrace.trainer.view;

import java.nio.FloatBuffer;
import java.util.random.RandomGenerator;
import org.millrace.contract.config.AugmentConfig;
import org.millrace.contract.config.AugmentConfig.View;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.ImagesConfig.DecodeScale;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.Flip;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.RandomCrop;
import org.millrace.encoder.image.Reduction;
import org.millrace.encoder.image.Resampler;

/**
 * A random view of an image, ready for the network: crop and resize, or shift → flip → colour jitter → grey → blur → solarise →
 * normalise (Chen et al. 2020, arXiv:2003.04297; Grill et al. 2020, arXiv:2006.07733, appendix B). Not thread safe.
 *
 * <p>The order of the draws is part of every run's history: a new one comes after those that are there.
 */
public final class ViewMaker {
    private static final int JITTERS = 4;

    private final EncoderConfig input;
    private final AugmentConfig config;
    private final double blurProbability;
    private final double solariseProbability;
    private final int plane;
    private final float[] image; // C×H×W
    private final float[] scratch; // H×W
    private final Resampler resampler;
    private final InputTransform whole;
    private final Colour colour;
    private final GaussianBlur blur;

    public ViewMaker(EncoderConfig input, AugmentConfig config, View view) {
        this.input = input;
        this.config = config;
        this.blurProbability = config.blurProbability(view);
        this.solariseProbability = config.solariseProbability(view);
        this.plane = input.height() * input.width();
        this.image = new float[input.channels() * plane];
        this.scratch = new float[plane];
        this.resampler = new Resampler(config.antialias());
        this.whole = new InputTransform(input);
        this.colour = new Colour(config.luma());
        this.blur = config.blurTaps() == 0
                ? new GaussianBlur(input.height(), input.width())
                : new GaussianBlur(input.height(), input.width(), config.blurTaps() / 2);
    }

    /** How small an image may be decoded: each side at least the view's, and the smallest crop with as many pixels as a view. */
    public static Reduction reduction(MillraceConfig config) {
        if (config.images().decodeScale() == DecodeScale.FULL) {
            return Reduction.NONE;
        }
        int height = config.encoder().height();
        int width = config.encoder().width();
        double smallestCrop = switch (config.augment().crop()) {
            case RESIZED -> config.augment().cropScaleMin();
            case TRANSLATE -> 1;
        };
        return new Reduction(width, height, (long) Math.ceil((double) height * width / smallestCrop));
    }

    /** Puts a view, H×W×C, at the buffer's position; every draw comes from {@code random}. */
    public void make(Pixels source, RandomGenerator random, FloatBuffer target) {
        make(source, random, random, target);
    }

    /** The same, but whether to flip is the next draw of {@code flips}. */
    void make(Pixels source, RandomGenerator random, RandomGenerator flips, FloatBuffer target) {
        switch (config.crop()) {
            case RESIZED -> cropAndResize(source, random);
            case TRANSLATE -> translate(source, random);
        }
        if (happens(config.flipProbability(), flips)) {
            Flip.horizontal(image, input.width());
        }
        if (happens(config.jitterProbability(), random)) {
            jitter(random);
        }
        if (happens(config.greyProbability(), random)) {
            colour.grey(image, plane);
        }
        if (happens(blurProbability, random)) {
            blur.apply(image, between(random, config.blurSigmaMin(), config.blurSigmaMax()));
        }
        if (happens(solariseProbability, random)) {
            Colour.solarise(image, (float) config.solariseThreshold());
        }
        InputTransform.putNormalised(input, image, target);
    }

    private void cropAndResize(Pixels source, RandomGenerator random) {
        RandomCrop crop = RandomCrop.draw(source.height(), source.width(), config, random);
        resampler.resample(
                source, crop.top(), crop.left(), crop.height(), crop.width(), image, input.height(), input.width());
    }

    private void translate(Pixels source, RandomGenerator random) {
        whole.scale(source, image);
        if (happens(config.translateProbability(), random)) {
            Translation.draw(config.translatePixels(), random).apply(image, input.height(), input.width(), scratch);
        }
    }

    private void jitter(RandomGenerator random) {
        float brightness = (float) between(random, 1 - config.brightness(), 1 + config.brightness());
        float contrast = (float) between(random, 1 - config.contrast(), 1 + config.contrast());
        float saturation = (float) between(random, 1 - config.saturation(), 1 + config.saturation());
        float hue = (float) between(random, -config.hue(), config.hue());
        for (int jitter : shuffled(random)) {
            switch (jitter) {
                case 0 -> Colour.brightness(image, brightness);
                case 1 -> colour.contrast(image, plane, contrast);
                case 2 -> colour.saturation(image, plane, saturation);
                default -> Colour.hue(image, plane, hue);
            }
        }
    }

    private static int[] shuffled(RandomGenerator random) {
        int[] order = new int[JITTERS];
        for (int i = 0; i < JITTERS; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private static boolean happens(double probability, RandomGenerator random) {
        return random.nextDouble() < probability;
    }

    private static double between(RandomGenerator random, double from, double to) {
        return from + (to - from) * random.nextDouble();
    }
}
