package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.AmdimConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.precision.ForwardPass;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.objective.AmdimNetworks.Features;

/**
 * Augmented multiscale deep InfoMax (Bachman et al. 2019, arXiv:1906.00910): features of one view predict local features of the other,
 * among those of other images, at several scales. One network, gradients into both views. The loss is {@link AmdimLoss}; with
 * {@code amdim.mixture} above 1 its f₁ is a mixture.
 */
final class Amdim implements Objective {
    private final AmdimConfig config;
    private final long seed;
    private final AmdimNetworks networks;
    private final Weights weights;
    private final ForwardPass pass;
    private final EncodedViews encoded;

    Amdim(MillraceConfig config, Torch torch) {
        this.config = config.amdim();
        this.seed = config.run().seed();
        this.networks = AmdimNetworks.of(config);
        this.pass = new ForwardPass(torch);
        WeightLayout layout = new WeightLayout();
        networks.declare(layout);
        Heads.guard(config).ifPresent(head -> head.declare(layout));
        this.encoded = new EncodedViews(config.guard().active());
        this.weights = Weights.initialised(torch, layout, seed).requireGradient();
    }

    @Override
    public Weights query() {
        return weights;
    }

    @Override
    public List<Encoded> encoded() {
        return encoded.take();
    }

    @Override
    public Loss loss(Batch batch, Targets targets, NDManager scope) {
        Tensors tensors = weights.tensors(scope);
        Features first = features(batch.first(), tensors);
        Features second = features(batch.second(), tensors);
        int[] firstLocations = locations(seed, batch.step(), 0, first.five());
        int[] secondLocations = locations(seed, batch.step(), 1, second.five());
        AmdimLoss loss = AmdimLoss.of(first, second, firstLocations, secondLocations, config);
        return new Loss(
                loss.total(config.regulariser()),
                loss.oneToFive().forth().scores().accuracy(),
                List.of(),
                Optional.empty(),
                Projections.of(first.whole(), second.whole()));
    }

    private Features features(NDArray views, Tensors tensors) {
        Features features = pass.computed(() -> networks.forward(views, tensors, BatchNormMode.TRAINING))
                .map(pass::inFloat32);
        encoded.add(views, features.whole(), tensors);
        return features;
    }

    /** A random position of a view's map (N×D×H×W) for each of its images, in [0, H·W). */
    static int[] locations(long seed, long step, int view, NDArray map) {
        CounterRandom random = CounterRandom.of(seed, step, Purpose.LOCATIONS, view);
        int places = Math.toIntExact(map.getShape().get(2) * map.getShape().get(3));
        return IntStream.range(0, Math.toIntExact(map.getShape().get(0)))
                .map(image -> random.nextInt(places))
                .toArray();
    }

    @Override
    public void close() {
        weights.close();
    }
}
