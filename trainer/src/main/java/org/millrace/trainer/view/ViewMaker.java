package org.millrace.trainer.view;

import java.nio.FloatBuffer;
import java.util.random.RandomGenerator;
import org.millrace.contract.config.AugmentConfig;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.Resampler;

/**
 * A random view of an image, ready for the network: crop and resize → flip → colour jitter → grey → blur → normalise (Chen et al.
 * 2020, arXiv:2003.04297). Not thread safe.
 */
public final class ViewMaker {
    private static final int JITTERS = 4;

    private final EncoderConfig input;
    private final AugmentConfig config;
    private final int plane;
    private final float[] image; // C×H×W
    private final Resampler resampler = new Resampler(true);
    private final GaussianBlur blur;

    public ViewMaker(EncoderConfig input, AugmentConfig config) {
        this.input = input;
        this.config = config;
        this.plane = input.height() * input.width();
        this.image = new float[input.channels() * plane];
        this.blur = new GaussianBlur(input.height(), input.width());
    }

    /** Puts a view, H×W×C, at the buffer's position; every draw comes from {@code random}. */
    public void make(Pixels source, RandomGenerator random, FloatBuffer target) {
        RandomCrop crop =
                RandomCrop.draw(source.height(), source.width(), config.cropScaleMin(), config.cropScaleMax(), random);
        resampler.resample(
                source, crop.top(), crop.left(), crop.height(), crop.width(), image, input.height(), input.width());
        if (happens(config.flipProbability(), random)) {
            flip();
        }
        if (happens(config.jitterProbability(), random)) {
            jitter(random);
        }
        if (happens(config.greyProbability(), random)) {
            Colour.grey(image, plane);
        }
        if (happens(config.blurProbability(), random)) {
            blur.apply(image, between(random, config.blurSigmaMin(), config.blurSigmaMax()));
        }
        InputTransform.putNormalised(input, image, target);
    }

    private void jitter(RandomGenerator random) {
        float brightness = (float) between(random, 1 - config.brightness(), 1 + config.brightness());
        float contrast = (float) between(random, 1 - config.contrast(), 1 + config.contrast());
        float saturation = (float) between(random, 1 - config.saturation(), 1 + config.saturation());
        float hue = (float) between(random, -config.hue(), config.hue());
        for (int jitter : shuffled(random)) {
            switch (jitter) {
                case 0 -> Colour.brightness(image, brightness);
                case 1 -> Colour.contrast(image, plane, contrast);
                case 2 -> Colour.saturation(image, plane, saturation);
                default -> Colour.hue(image, plane, hue);
            }
        }
    }

    private void flip() {
        for (int row = 0; row < image.length; row += input.width()) {
            for (int left = row, right = row + input.width() - 1; left < right; left++, right--) {
                float swapped = image[left];
                image[left] = image[right];
                image[right] = swapped;
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
