package org.millrace.trainer.guard;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.GuardTeacher;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.objective.FixedEncoder;

/**
 * The encoder that a guard compares with. It is constant, or a moving average of the learning encoder, parameters and running
 * statistics alike: θ ← rθ + (1 − r)θ_q with r = 2^(−1/h), h its half-life in steps. Used by the trainer's thread; the owner closes it.
 */
final class Teacher implements AutoCloseable {
    static final String NAME = "guard.teacher"; // in the file's remarks

    private final String named;
    private final FixedEncoder encoder;
    private final Weights weights; // the encoder's
    private final Optional<Double> kept; // r of a moving average
    private @Nullable Safetensors constant; // the file of one that does not move

    Teacher(MillraceConfig config, Torch torch) {
        this.named = config.guard().teacher();
        this.kept = config.guard().named() instanceof GuardTeacher.Average
                ? Optional.of(rate(config.guard().halfLife(config.optimiser().totalSteps())))
                : Optional.empty();
        this.encoder = new FixedEncoder(
                Backbone.of(config.encoder()), torch, config.run().seed());
        this.weights = encoder.weights();
    }

    /** Share of itself that a moving average keeps in a step. */
    static double rate(double halfLife) {
        return Math.pow(2, -1 / halfLife);
    }

    void take(Safetensors file) {
        weights.read(file);
        constant = kept.isPresent() ? null : snapshot();
    }

    /** Follows the learning network, whose leading tensors are its encoder's. */
    void follow(Weights query) {
        kept.ifPresent(rate -> {
            move(weights.parameters(), query.parameters(), rate);
            move(weights.buffers(), query.buffers(), rate);
        });
    }

    private static void move(NDArray own, NDArray other, double rate) {
        try (NDArray part = other.get("0:" + own.size());
                NDArray share = part.mul((float) (1 - rate))) {
            own.muli((float) rate).addi(share);
        }
    }

    /** Features without gradient, float32. views: N×C×H×W → N×D, in {@code scope}. */
    NDArray features(NDArray views, NDManager scope) {
        return encoder.features(views, scope);
    }

    Safetensors file() {
        return constant == null ? snapshot() : constant;
    }

    private Safetensors snapshot() {
        return weights.snapshot("").withMetadata(Map.of(NAME, named));
    }

    @Override
    public void close() {
        encoder.close();
    }
}
