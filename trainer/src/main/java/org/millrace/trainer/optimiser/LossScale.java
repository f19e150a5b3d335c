package org.millrace.trainer.optimiser;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.millrace.contract.config.Precision;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Scaled;

/**
 * Dynamic loss scaling (Micikevicius et al. 2018, arXiv:1710.03740, section 3.2), with the constants of PyTorch's GradScaler: the loss is
 * multiplied by a scale before it is differentiated, so that small gradients do not vanish in fp16. Where a gradient overflows, the step
 * leaves the weights as they are and the scale is halved; after 2,000 steps without one it is doubled. Powers of two, so that taking the
 * scale out again changes no bit. Not thread safe.
 */
final class LossScale {
    static final float INITIAL = 65_536;
    static final int GROWTH_INTERVAL = 2_000;

    private static final float GROWTH = 2;
    private static final float BACKOFF = 0.5f;
    private static final float LEAST = 1 / INITIAL; // a gradient that overflows below this is no matter of fp16
    private static final String STATE = "loss-scale";

    private float scale = INITIAL;
    private int steady; // steps since the scale was last changed
    private int skipped;

    /** One for a run in that precision, where it needs one. */
    static Optional<LossScale> of(Precision precision) {
        return switch (precision) {
            case FP32, BF16 -> Optional.empty();
            case FP16 -> Optional.of(new LossScale());
        };
    }

    /** What the loss is multiplied by now. */
    float scale() {
        return scale;
    }

    /** The loss to differentiate. */
    NDArray times(NDArray loss) {
        return Scaled.times(loss, scale);
    }

    /** Takes the scale out of a gradient and sets the next step's; whether the gradient is finite. If not, the weights must not move. */
    boolean unscale(NDArray gradient) {
        gradient.muli(1 / scale);
        boolean finite;
        try (NDArray magnitude = gradient.abs();
                NDArray largest = magnitude.max()) {
            finite = Float.isFinite(largest.getFloat());
        }
        if (!finite) {
            scale *= BACKOFF;
            skipped++;
        }
        steady = finite ? steady + 1 : 0;
        if (steady == GROWTH_INTERVAL) {
            scale *= GROWTH;
            steady = 0;
        }
        return finite;
    }

    /** Whether the scale is so small that overflow has another cause: the weights have diverged. */
    boolean isExhausted() {
        return scale < LEAST;
    }

    /** The steps that moved the weights, among that many. */
    long taken(long steps) {
        return steps - skipped;
    }

    /** The optimiser's state with this one's beside it. */
    Safetensors beside(Safetensors optimiser) {
        Safetensors.Builder both = new Safetensors.Builder();
        for (String name : optimiser.names()) {
            long[] shape = optimiser.shape(name);
            both.add(name, shape, optimiser.tensor(name, shape));
        }
        return both.add(STATE, new long[] {3}, new float[] {scale, steady, skipped})
                .build();
    }

    /** Takes the state that lies beside an optimiser's. */
    void restore(Safetensors optimiser) {
        float[] state = optimiser.tensor(STATE, 3);
        scale = state[0];
        steady = (int) state[1];
        skipped = (int) state[2];
    }
}
