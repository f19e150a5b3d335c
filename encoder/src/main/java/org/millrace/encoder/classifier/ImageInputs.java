package org.millrace.encoder.classifier;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.random.RandomGenerator;
import org.millrace.contract.config.AugmentConfig;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.image.Flip;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.RandomCrop;
import org.millrace.encoder.image.Resampler;
import org.millrace.encoder.image.UndecodableImageException;

/** Encoded images to a classifier's inputs, N×H×W×C: random crops that may be flipped, or the centres. Not thread safe. */
public final class ImageInputs {
    private final EncoderConfig config;
    private final AugmentConfig augment;
    private final ImageDecoder decoder;
    private final InputTransform centre;
    private final Resampler resampler = new Resampler(true);

    /** @param augment of which only the crops' scale and ratio and the flip probability are used */
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
            Pixels pixels = decoder.decode(file);
            RandomCrop crop = RandomCrop.draw(pixels.height(), pixels.width(), augment, random);
            resampler.resample(
                    pixels,
                    crop.top(),
                    crop.left(),
                    crop.height(),
                    crop.width(),
                    image,
                    config.height(),
                    config.width());
            if (random.nextDouble() < augment.flipProbability()) {
                Flip.horizontal(image, config.width());
            }
            InputTransform.putNormalised(config, image, target);
        }
        return inputs;
    }

    private int size() {
        return config.channels() * config.height() * config.width();
    }
}
