package org.millrace.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.List;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyStore;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.objective.StageClock;
import org.millrace.trainer.objective.Twins;
import org.millrace.trainer.optimiser.LearningRate;
import org.millrace.trainer.optimiser.Sgd;
import org.millrace.trainer.stream.ViewBuffers;

/**
 * The computing half of a step: momentum → keys → queries → contrast → backward → update → enqueue. Knows nothing of Kafka. Used by one
 * thread, the one that made it; the owner closes it, but not the key store.
 *
 * <p>The moving average comes first, as in the official code; as both networks begin equal this is the same sequence as He et al.'s
 * Algorithm 1, where it follows the update.
 */
public final class Learner implements AutoCloseable {
    private static final String VELOCITY = "velocity";

    private final Torch torch;
    private final EncoderConfig input;
    private final Objective objective;
    private final Sgd optimiser;
    private final LearningRate learningRate;

    public Learner(MillraceConfig config, Torch torch, KeyStore keys) {
        Torch.forwardOnly();
        this.torch = torch;
        this.input = config.encoder();
        this.objective = Objective.create(config, torch, keys);
        this.optimiser = new Sgd(torch, config.optimiser(), objective.twins().query());
        this.learningRate = new LearningRate(config.optimiser());
    }

    /** What a step did; the keys' counts as after it. */
    public record Result(double loss, double accuracy, double learningRate, long keySequence, long keysFilled) {}

    /**
     * Trains on one batch.
     *
     * @param views the two views of each image; unchanged until this returns
     * @param images where they lie in the log, in batch order
     * @throws UserException where the loss is no longer a number
     */
    public Result step(long step, ViewBuffers views, List<ImageOffset> images, StageClock clock) {
        double rate = learningRate.at(step);
        Twins twins = objective.twins();
        objective.movingAverage().update(twins.key(), twins.query());
        clock.lap("momentum");
        try (NDManager scope = torch.newManager()) {
            NDArray first = tensor(views.first(), images.size(), scope);
            NDArray second = tensor(views.second(), images.size(), scope);
            Objective.Outcome outcome = objective.backward(first, second, scope, clock);
            if (!Double.isFinite(outcome.loss())) {
                throw new UserException("the loss of step " + step + " is " + outcome.loss()
                        + ": training diverged. Lower optimiser.learning-rate (now " + rate
                        + ") or lengthen optimiser.warmup-steps, and start a new run.");
            }
            optimiser.step(rate);
            clock.lap("update");
            objective.enqueue(outcome, step, images);
            clock.lap("enqueue");
            return new Result(
                    outcome.loss(), outcome.accuracy(), rate, objective.keySequence(), objective.keysFilled());
        }
    }

    /** The encoder alone, under torchvision's names. */
    public Safetensors encoder() {
        return objective.twins().query().snapshot(Twins.ENCODER);
    }

    /** Weights and buffers of the learning network. */
    public Safetensors query() {
        return objective.twins().query().snapshot("");
    }

    /** Weights and buffers of the twin. */
    public Safetensors key() {
        return objective.twins().key().snapshot("");
    }

    public Safetensors optimiser() {
        float[] velocity = optimiser.velocity();
        return new Safetensors.Builder()
                .add(VELOCITY, new long[] {velocity.length}, velocity)
                .build();
    }

    public long keySequence() {
        return objective.keySequence();
    }

    /** Takes an encoder for both networks to begin with, before the first step; the heads stay as they are. */
    public void initialise(Safetensors encoder) {
        objective.twins().query().read(Twins.ENCODER, encoder);
        objective.twins().key().read(Twins.ENCODER, encoder);
    }

    /** Takes the state of a checkpoint, to the bit. */
    public void restore(Safetensors query, Safetensors key, Safetensors optimiserState, long keySequence) {
        objective.twins().query().read(query);
        objective.twins().key().read(key);
        long size = objective.twins().query().parameters().size();
        optimiser.restore(optimiserState.tensor(VELOCITY, size));
        objective.restore(keySequence);
    }

    @Override
    public void close() {
        optimiser.close();
        objective.close();
    }

    // N×C×H×W over the buffer's own memory, in which the channels lie together: convolutions then need not reorder it
    private NDArray tensor(ByteBuffer values, int count, NDManager scope) {
        int bytes = count * input.height() * input.width() * input.channels() * Float.BYTES;
        ByteBuffer batch = values.duplicate().order(values.order()).limit(bytes);
        Shape shape = new Shape(count, input.height(), input.width(), input.channels());
        return scope.create(batch, shape, DataType.FLOAT32).transpose(0, 3, 1, 2);
    }
}
