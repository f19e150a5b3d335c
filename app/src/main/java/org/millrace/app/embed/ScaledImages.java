package org.millrace.app.embed;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;

/** Encoded images to what a network of the run sees of them. Thread safe. */
final class ScaledImages {
    private final EncoderConfig encoder;
    private final int maxPixels;

    ScaledImages(MillraceConfig config) {
        this.encoder = config.encoder();
        this.maxPixels = config.images().maxPixels();
    }

    /**
     * One image.
     *
     * @param values C×H×W in [0, 1]; empty where it cannot be decoded
     * @param problem why it cannot; blank where it can
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Scaled(Optional<float[]> values, String problem) {}

    List<Scaled> of(List<byte[]> images) {
        ImageDecoder decoder = new ImageDecoder(encoder.channels(), maxPixels);
        InputTransform transform = new InputTransform(encoder);
        List<Scaled> scaled = new ArrayList<>();
        for (byte[] image : images) {
            try {
                Pixels pixels = decoder.decode(image);
                float[] values = new float[encoder.channels() * encoder.height() * encoder.width()];
                transform.scale(pixels, values);
                scaled.add(new Scaled(Optional.of(values), ""));
            } catch (UndecodableImageException e) {
                scaled.add(new Scaled(Optional.empty(), e.reason()));
            }
        }
        return scaled;
    }
}
