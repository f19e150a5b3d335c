package org.millrace.encoder;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.Precision;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Torch;

/** Whether an encoder's features are finite in float32: finite weights can still overflow in the products. */
public final class FeatureTrial {
    private FeatureTrial() {}

    /**
     * The first feature, of a grey and a noise image, that is not finite, in words; empty where all are finite. Throws {@link
     * IllegalArgumentException} where the weights do not fit the network.
     */
    public static Optional<String> problem(Torch torch, EncoderConfig config, Safetensors weights) {
        int size = config.channels() * config.height() * config.width();
        float[] grey = new float[size];
        float[] noise = new float[size];
        var random = new SplittableRandom(1);
        for (int i = 0; i < size; i++) {
            grey[i] = 0.5f;
            noise[i] = (float) random.nextDouble();
        }
        try (FrozenEncoder encoder = new FrozenEncoder(torch.with(Precision.FP32), config, weights)) {
            return encoder.firstNotFinite(List.of(grey, noise));
        }
    }
}
