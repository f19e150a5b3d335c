package org.millrace.trainer.guard;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.objective.Directions;
import org.millrace.trainer.objective.Encoded;
import org.millrace.trainer.objective.Heads;

/**
 * Predictive distillation from a teacher (CaSSLe, Fini et al. 2022, arXiv:2112.04215, eq. 6) on features z, before the projector:
 * λ·½ Σ (1 − cos(a(z), z_teacher)), summed over the views that the objective passes through the learning network, mean over the batch. The
 * predictor a has one hidden layer with batch norm and learns with the network, so that features may change as long as the teacher's can
 * be predicted from them.
 *
 * <p>The predictor's tensors lie in the learning network's weights under {@link Heads#GUARD}. Used by the trainer's thread; the owner
 * closes it.
 */
public final class Guard implements AutoCloseable {
    private static final double SHARE_OF_VIEW = 0.5;

    private final Optional<MultilayerPerceptron> predictor; // empty: features are compared as they are
    private final ForwardPass pass;
    private final Teacher teacher;
    private final boolean centred;
    private final double firstWeight; // λ
    private double weight; // λ of the present step

    private Guard(MillraceConfig config, Torch torch, Optional<MultilayerPerceptron> predictor) {
        this.predictor = predictor;
        this.pass = new ForwardPass(torch);
        this.teacher = new Teacher(config, torch);
        this.centred = config.guard().centred();
        this.firstWeight = config.guard().weight();
        this.weight = firstWeight;
    }

    /**
     * The configured one, whose teacher is still to be {@linkplain #teach set}; empty where there is none.
     *
     * @param torch in the precision of the forward passes, the teacher's too
     */
    public static Optional<Guard> of(MillraceConfig config, Torch torch) {
        return config.guard().active() ? Optional.of(new Guard(config, torch, Heads.guard(config))) : Optional.empty();
    }

    /** Whether a file is that of the teacher that the configuration names. */
    public static boolean isNamed(Safetensors teacher, MillraceConfig config) {
        return config.guard().teacher().equals(teacher.metadata().get(Teacher.NAME));
    }

    /** Sets λ from now on; empty for that of the configuration. */
    public void weigh(OptionalDouble other) {
        weight = other.orElse(firstWeight);
    }

    /** λ times a distance. */
    public NDArray weighed(NDArray distance) {
        return Scaled.times(distance, weight);
    }

    /** Moves a teacher that follows the learning network, before a step. */
    public void follow(Weights query) {
        teacher.follow(query);
    }

    /**
     * ½ Σ (1 − cos) of a batch or a part of one, a scalar in float32 with its gradient's way back; computed while gradients are recorded.
     *
     * @param encoded what the objective's loss was computed from
     * @param scope owner of the result
     */
    public NDArray distance(List<Encoded> encoded, NDManager scope) {
        check(!encoded.isEmpty(), "the objective has encoded no views for a loss");
        NDArray sum = ofView(encoded.get(0), scope);
        for (Encoded view : encoded.subList(1, encoded.size())) {
            sum = sum.add(ofView(view, scope));
        }
        return Scaled.times(sum, SHARE_OF_VIEW);
    }

    private NDArray ofView(Encoded view, NDManager scope) {
        NDArray wanted = teacher.features(view.views(), scope); // N×D
        NDArray predicted = predicted(view.features(), view.weights()); // N×D
        NDArray cosines =
                centred ? Directions.cosinesFromMean(predicted, wanted) : Directions.cosines(predicted, wanted); // N
        return cosines.mean().neg().add(1);
    }

    private NDArray predicted(NDArray features, Tensors weights) {
        return predictor
                .map(head -> pass.of(() -> head.forward(features, weights, BatchNormMode.TRAINING))) // N×D
                .orElse(features);
    }

    /** Takes an encoder's weights for the teacher's; throws {@link IllegalArgumentException} where they do not fit. */
    public void teach(Safetensors encoder) {
        teacher.take(encoder);
    }

    /** The teacher's weights and running statistics, under an encoder's names; the file says which teacher it is. */
    public Safetensors teacher() {
        return teacher.file();
    }

    @Override
    public void close() {
        teacher.close();
    }
}
