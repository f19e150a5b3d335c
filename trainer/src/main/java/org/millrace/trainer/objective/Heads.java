package org.millrace.trainer.objective;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.config.HeadConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;

/** The heads that a configuration asks for, where it leaves them to the objective in the form of its paper. */
public final class Heads {
    static final String PROJECTOR = "projector.";
    static final String PREDICTOR = "predictor.";

    /** Prefix of a guard's predictor in the learning network's weights, where it comes last. */
    public static final String GUARD = "guard.";

    private final MillraceConfig config;
    private final Backbone encoder;

    Heads(MillraceConfig config) {
        this.config = config;
        this.encoder = Backbone.of(config.encoder());
    }

    /**
     * The encoder with a projector behind it.
     *
     * @param layers of the projector where the configuration names none
     * @param hidden batch norm after hidden layers, at least
     * @param last batch norm after the last layer, at least
     */
    Projection projection(int layers, Norm hidden, Norm last) {
        return projection(layers, hidden, last, config.head().output());
    }

    /** The encoder with a head for rows of that length behind it: one linear layer, or what {@code head.layers} says. */
    Projection regression(int output) {
        return projection(1, Norm.AFFINE, Norm.NONE, output);
    }

    private Projection projection(int layers, Norm hidden, Norm last, int output) {
        HeadConfig head = config.head();
        List<Integer> widths = new ArrayList<>(List.of(encoder.features()));
        int count = head.layers() > 0 ? head.layers() : layers;
        for (int i = 1; i < count; i++) {
            widths.add(hiddenWidth());
        }
        widths.add(output);
        var projector = new MultilayerPerceptron(
                PROJECTOR, widths, chosen(hidden, head.projectorBatchNorm()), chosen(last, head.lastBatchNorm()));
        return new Projection(config.encoder(), encoder, projector);
    }

    /** Whether the encoder is a vision transformer. */
    boolean behindTransformer() {
        return config.encoder().architecture().isTransformer();
    }

    /**
     * Two layers with batch norm between them, from the projector's output to the same length (BYOL, MoCo v3).
     *
     * @param last batch norm after the last layer
     */
    MultilayerPerceptron predictor(Norm last) {
        HeadConfig head = config.head();
        int hidden = head.predictorHidden() > 0 ? head.predictorHidden() : hiddenWidth();
        return new MultilayerPerceptron(PREDICTOR, List.of(head.output(), hidden, head.output()), Norm.AFFINE, last);
    }

    /** Two layers with batch norm between them, from features to features of the same length, where there is a guard that has a predictor. */
    public static Optional<MultilayerPerceptron> guard(MillraceConfig config) {
        if (!config.guard().active() || config.guard().hidden() == 0) {
            return Optional.empty();
        }
        int features = Backbone.of(config.encoder()).features();
        return Optional.of(new MultilayerPerceptron(
                GUARD, List.of(features, config.guard().hidden(), features), Norm.AFFINE, Norm.NONE));
    }

    private int hiddenWidth() {
        return config.head().projectorHidden() > 0 ? config.head().projectorHidden() : encoder.features();
    }

    private static Norm chosen(Norm least, boolean asked) {
        return least == Norm.NONE && asked ? Norm.AFFINE : least;
    }
}
