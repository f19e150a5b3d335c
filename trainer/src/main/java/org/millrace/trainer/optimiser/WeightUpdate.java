package org.millrace.trainer.optimiser;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.optimiser.Optimiser;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The update of a network: {@link #scaled} loss → its gradient, which the caller computes → {@link #apply}. In fp16 the loss is scaled, and a step
 * whose gradient overflowed moves no weight. Not thread safe; the owner closes it, but not the weights.
 */
public final class WeightUpdate implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WeightUpdate.class);

    private final Weights weights;
    private final Optimiser optimiser;
    private final LearningRate learningRate;
    private final Optional<LossScale> lossScale;
    private final Divergence divergence;

    public WeightUpdate(MillraceConfig config, Torch torch, Weights weights, Divergence divergence) {
        this.weights = weights;
        this.optimiser = Optimiser.of(config.optimiser(), torch, weights);
        this.learningRate =
                new LearningRate(config.optimiser(), config.trainer().batchSize());
        this.lossScale = LossScale.of(config.trainer().precision());
        this.divergence = divergence;
    }

    /** The learning rate at a place in the schedule, from 1. */
    public double rate(long scheduled) {
        return learningRate.at(scheduled);
    }

    /** The loss to differentiate. */
    public NDArray scaled(NDArray loss) {
        return lossScale.map(scale -> scale.times(loss)).orElse(loss);
    }

    /**
     * Moves the weights by their gradient and clears it.
     *
     * @param step of the run
     * @param taken steps since the optimiser's state was fresh, this one included
     */
    public void apply(long step, long taken, double rate) {
        if (lossScale.isEmpty()) {
            optimiser.step(taken, rate);
            return;
        }
        LossScale scale = lossScale.get();
        boolean finite;
        try (NDArray gradient = weights.gradient()) {
            finite = scale.unscale(gradient);
        }
        if (finite) {
            optimiser.step(scale.taken(taken), rate);
            return;
        }
        weights.zeroGradient();
        log.info(
                "step {} moves no weight: a gradient overflowed in fp16; the loss is scaled by {} now",
                step,
                scale.scale());
        if (scale.isExhausted()) {
            throw divergence.ofGradient(step, rate);
        }
    }

    /** What is carried from step to step: the optimiser's state, and in fp16 the scale of the loss. */
    public Safetensors state() {
        return lossScale.map(scale -> scale.beside(optimiser.state())).orElseGet(optimiser::state);
    }

    /** Takes the state of another time. */
    public void restore(Safetensors state) {
        optimiser.restore(state);
        lossScale.ifPresent(scale -> scale.restore(state));
    }

    @Override
    public void close() {
        optimiser.close();
    }
}
