package org.millrace.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.AmdimNetwork;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.LocalHead;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/**
 * How well the whole of one image predicts each place of others, as AMDIM's objective scores it before its clip: s = f₁ᵀφ₇(f₇)/√D (Bachman
 * et al. 2019, arXiv:1906.00910, section 3.3, and its figure of matches). Used by the encoder's thread; the owner closes it.
 */
final class MatchingMaps implements AutoCloseable {
    private static final int PLACES = AmdimNetwork.MATCHING_SIDE * AmdimNetwork.MATCHING_SIDE;

    private final AmdimNetwork network;
    private final LocalHead head;
    private final Weights weights; // the head's

    private MatchingMaps(AmdimNetwork network, Torch torch, Safetensors file) {
        this.network = network;
        this.head = network.matchingHead();
        WeightLayout layout = new WeightLayout();
        head.declare(layout);
        this.weights = Weights.initialised(torch, layout, 0);
        try {
            weights.read(file);
        } catch (IllegalArgumentException e) {
            weights.close();
            throw e;
        }
    }

    /** Of AMDIM's encoder, where its file has the head. */
    static Optional<MatchingMaps> of(Backbone network, Torch torch, Safetensors file) {
        return network instanceof AmdimNetwork amdim
                        && !file.part(AmdimNetwork.MATCHING_HEAD).names().isEmpty()
                ? Optional.of(new MatchingMaps(amdim, torch, file))
                : Optional.empty();
    }

    /** Scores of the first image against each place of all. images: N×C×32×32, normalised → N×49, row by row from the top left. */
    NDArray scores(NDArray images, Tensors encoder, NDManager scope) {
        AmdimNetwork.Maps maps = network.maps(images, encoder, "", BatchNormMode.EVALUATION);
        long features = network.features();
        NDArray query = maps.f1().get("0:1").reshape(features, 1); // D×1
        NDArray places = head.forward(maps.f7(), weights.tensors(scope), BatchNormMode.EVALUATION) // N×D×7×7
                .reshape(images.getShape().get(0), features, PLACES)
                .transpose(0, 2, 1); // N×49×D
        return places.matMul(query).reshape(images.getShape().get(0), PLACES);
    }

    /** √D, by which scores are divided. */
    double root() {
        return Math.sqrt(network.features());
    }

    @Override
    public void close() {
        weights.close();
    }
}
