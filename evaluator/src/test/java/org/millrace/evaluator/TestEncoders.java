package org.millrace.evaluator;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.millrace.contract.event.EncoderManifest;

/**
 * Encoders of images of two bytes, class and number. The file's text says what they know: "blind" gives every image the feature
 * of its number, "seeing" that of its class too, "diverged" gives NaN; any other text fits no architecture.
 */
final class TestEncoders implements EmbedderFactory {
    static final byte BROKEN = 99;

    int open;

    @Override
    public Embedder load(EncoderManifest manifest, byte[] safetensors) {
        String text = new String(safetensors, StandardCharsets.UTF_8);
        if (!List.of("blind", "seeing", "diverged").contains(text)) {
            throw new IllegalArgumentException(
                    "the weights do not fit " + manifest.encoder().architecture());
        }
        open++;
        return new Embedder() {
            @Override
            public int dimension() {
                return 2;
            }

            @Override
            public float[] embedScaled(List<float[]> images) {
                throw new UnsupportedOperationException("these encoders see encoded images");
            }

            @Override
            public float[] embed(List<byte[]> images) {
                float[] features = new float[images.size() * 2];
                for (int i = 0; i < images.size(); i++) {
                    byte[] image = images.get(i);
                    features[2 * i] = text.equals("seeing") ? 100 * image[0] - 50 : 1;
                    features[2 * i + 1] = text.equals("diverged") ? Float.NaN : image[1] * 37 % 50;
                }
                return features;
            }

            @Override
            public void close() {
                open--;
            }
        };
    }

    @Override
    public boolean decodes(byte[] image) {
        return image[0] != BROKEN;
    }
}
