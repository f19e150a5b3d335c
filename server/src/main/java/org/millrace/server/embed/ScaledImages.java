package org.millrace.server.embed;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.image.ImageGate;
import org.millrace.contract.image.SoundImage;
import org.millrace.contract.image.UnsoundImageException;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;

/** Decodes and scales encoded images to the network's input. Thread safe. */
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
     * @param problem why not; blank where it can
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Scaled(Optional<float[]> values, String problem) {}

    /**
     * An encoded image as the gate judged it.
     *
     * @param image empty where it may not be decoded
     * @param problem why not; blank where it may
     */
    record Judged(Optional<SoundImage> image, String problem) {
        /** The cost of decoding it, as {@link SoundImage#work}. */
        long work() {
            return image.map(SoundImage::work).orElse(0L);
        }
    }

    List<Judged> judge(List<byte[]> images) {
        List<Judged> judged = new ArrayList<>();
        for (byte[] image : images) {
            try {
                judged.add(new Judged(Optional.of(ImageGate.judge(image, maxPixels)), ""));
            } catch (UnsoundImageException e) {
                judged.add(new Judged(Optional.empty(), e.reason()));
            }
        }
        return judged;
    }

    List<Scaled> of(List<Judged> images) {
        ImageDecoder decoder = new ImageDecoder(encoder.channels(), maxPixels);
        InputTransform transform = new InputTransform(encoder);
        List<Scaled> scaled = new ArrayList<>();
        for (Judged judged : images) {
            if (judged.image().isEmpty()) {
                scaled.add(new Scaled(Optional.empty(), judged.problem()));
                continue;
            }
            try {
                Pixels pixels = decoder.decode(judged.image().get());
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
