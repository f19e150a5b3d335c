package org.millrace.encoder.classifier;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.random.RandomGenerator;
import org.millrace.contract.config.AugmentConfig;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.Resampler;
import org.millrace.encoder.image.UndecodableImageException;

/** Encoded images to a classifier's inputs, N×H×W×C: random crops that may be flipped, or the centres. Not thread safe. */
public final class ImageInputs {
    private final EncoderConfig config;
    private final AugmentConfig augment;
    private final ImageDecoder decoder;
    private final InputTransform centre;
    private final Resampler resampler = new Resampler(true);

    /** @param augment its crop scale and flip probability are used, nothing else */
    public ImageInputs(EncoderConfig config, AugmentConfig augment) {
        this.config = config;
        this.augment = augment;
        this.decoder = new ImageDecoder(config.channels());
        this.centre = new InputTransform(config);
    }

    /** The centres, as a frozen encoder sees them. */
    public float[] centred(List<byte[]> files) throws UndecodableImageException {
        float[] inputs = new float[files.size() * size()];
        FloatBuffer target = FloatBuffer.wrap(inputs);
        for (byte[] file : files) {
            centre.apply(decoder.decode(file), target);
        }
        return inputs;
    }

    /** A random crop of each, flipped or not: the augmentation of SimCLR's fine-tuning (Chen et al. 2020, B.5). */
    public float[] cropped(List<byte[]> files, RandomGenerator random) throws UndecodableImageException {
        float[] inputs = new float[files.size() * size()];
        FloatBuffer target = FloatBuffer.wrap(inputs);
        float[] image = new float[size()]; // C×H×W
        for (byte[] file : files) {
            crop(decoder.decode(file), image, random);
            if (random.nextDouble() < augment.flipProbability()) {
                flip(image);
            }
            InputTransform.putNormalised(config, image, target);
        }
        return inputs;
    }

    /** A box of random area and place, as wide to its height as the input is. */
    private void crop(Pixels pixels, float[] image, RandomGenerator random) {
        double largest = Math.min((double) pixels.height() / config.height(), (double) pixels.width() / config.width());
        double area = augment.cropScaleMin() + (augment.cropScaleMax() - augment.cropScaleMin()) * random.nextDouble();
        double scale = largest * Math.sqrt(area);
        int height = Math.max(1, (int) Math.round(scale * config.height()));
        int width = Math.max(1, (int) Math.round(scale * config.width()));
        int top = random.nextInt(pixels.height() - height + 1);
        int left = random.nextInt(pixels.width() - width + 1);
        resampler.resample(pixels, top, left, height, width, image, config.height(), config.width());
    }

    private void flip(float[] image) {
        int width = config.width();
        for (int row = 0; row < image.length; row += width) {
            for (int x = 0; x < width / 2; x++) {
                float left = image[row + x];
                image[row + x] = image[row + width - 1 - x];
                image[row + width - 1 - x] = left;
            }
        }
    }

    private int size() {
        return config.channels() * config.height() * config.width();
    }
}
