package org.millrace.encoder.image;

import java.nio.FloatBuffer;
import org.millrace.contract.config.EncoderConfig;

/**
 * Pixels to a network's input without randomness: the shorter side is scaled to fit, the centre cut out, the channels normalised. Not
 * thread safe.
 */
public final class InputTransform {
    private final EncoderConfig config;
    private final Resampler resampler = new Resampler(true);
    private final float[] image;

    public InputTransform(EncoderConfig config) {
        this.config = config;
        this.image = new float[config.channels() * config.height() * config.width()];
    }

    /** Puts H×W×C normalised values at the buffer's position. */
    public void apply(Pixels pixels, FloatBuffer target) {
        scale(pixels, image);
        putNormalised(config, image, target);
    }

    /** Fills {@code target}, C×H×W in [0, 1], with what the network would see, not normalised. */
    public void scale(Pixels pixels, float[] target) {
        double scale = Math.min((double) pixels.height() / config.height(), (double) pixels.width() / config.width());
        int boxHeight = Math.max(1, (int) Math.round(scale * config.height()));
        int boxWidth = Math.max(1, (int) Math.round(scale * config.width()));
        int top = (pixels.height() - boxHeight) / 2;
        int left = (pixels.width() - boxWidth) / 2;
        resampler.resample(pixels, top, left, boxHeight, boxWidth, target, config.height(), config.width());
    }

    /**
     * Puts (x − mean) / deviation of each channel at the buffer's position, channels together (H×W×C), as the network's convolutions
     * want them; image: C×H×W in [0, 1].
     */
    public static void putNormalised(EncoderConfig config, float[] image, FloatBuffer target) {
        int channels = config.channels();
        int plane = image.length / channels;
        int from = target.position();
        for (int c = 0; c < channels; c++) {
            float mean = config.meanOf(c);
            float inverse = 1 / config.standardDeviationOf(c);
            for (int i = 0; i < plane; i++) {
                target.put(from + i * channels + c, (image[c * plane + i] - mean) * inverse);
            }
        }
        target.position(from + image.length);
    }
}
