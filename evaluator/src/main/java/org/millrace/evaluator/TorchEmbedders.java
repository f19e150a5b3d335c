package org.millrace.evaluator;

import java.util.List;
import java.util.Optional;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.FrozenEncoder;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.encoder.tensor.Torch;

/** Encoders run by PyTorch, as their manifests describe them. Used by the evaluator's thread alone. */
public final class TorchEmbedders implements EmbedderFactory {
    private final Torch torch;
    private final int maxPixels;
    private final ImageDecoder decoder;

    /**
     * @param config this process's own: every encoder's precision, and the channels that {@link #decodes} decodes an image to
     * @param images the bound on an image's size
     */
    public TorchEmbedders(Torch torch, EncoderConfig config, ImagesConfig images) {
        this.torch = torch.with(config.precision());
        this.maxPixels = images.maxPixels();
        this.decoder = new ImageDecoder(config.channels(), maxPixels);
    }

    @Override
    public Embedder load(EncoderManifest manifest, byte[] safetensors) {
        try {
            return new TorchEmbedder(new FrozenEncoder(
                    torch,
                    manifest.encoder(),
                    Safetensors.parse(safetensors),
                    new ImageDecoder(manifest.encoder().channels(), maxPixels)));
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    "encoder " + manifest.version() + " of run " + manifest.run() + " cannot be used: " + e.getMessage()
                            + ". Take another version.",
                    e);
        }
    }

    @Override
    public boolean decodes(byte[] image) {
        try {
            return decoder.decode(image).values().length > 0;
        } catch (UndecodableImageException e) {
            return false;
        }
    }

    private record TorchEmbedder(FrozenEncoder encoder) implements Embedder {
        @Override
        public int dimension() {
            return encoder.features();
        }

        @Override
        public float[] embed(List<byte[]> images) {
            try {
                return encoder.embed(images);
            } catch (UndecodableImageException e) {
                throw new IllegalStateException("an image of the probe set no longer decodes: " + e.reason(), e);
            }
        }

        @Override
        public float[] embedScaled(List<float[]> images) {
            return encoder.embedScaled(images);
        }

        @Override
        public Optional<List<float[]>> matchingMaps(List<float[]> images) {
            return encoder.matchingMaps(images);
        }

        @Override
        public void close() {
            encoder.close();
        }
    }
}
