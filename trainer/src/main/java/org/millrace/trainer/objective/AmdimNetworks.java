package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.AmdimNetwork;
import org.millrace.encoder.network.AmdimNetwork.Maps;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.network.LocalHead;
import org.millrace.encoder.network.MultilayerPerceptron;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * AMDIM's encoder with the heads that its objective alone needs: one for each local map, and k functions m_k of f₁ for the mixture, each
 * a perceptron with one hidden layer beside a shortcut (Bachman et al. 2019, section 3.5); none for k = 1. Immutable; the weights are
 * passed in.
 */
record AmdimNetworks(AmdimNetwork encoder, LocalHead five, LocalHead seven, List<MultilayerPerceptron> mixture) {
    /**
     * Features of N images at three scales, all of length D.
     *
     * @param whole f₁, N×D
     * @param components f₁ as antecedent, N×k×D
     * @param five N×D×5×5
     * @param seven N×D×7×7
     */
    record Features(NDArray whole, NDArray components, NDArray five, NDArray seven) {
        Features map(UnaryOperator<NDArray> change) {
            return new Features(change.apply(whole), change.apply(components), change.apply(five), change.apply(seven));
        }
    }

    static AmdimNetworks of(MillraceConfig config) {
        var encoder = new AmdimNetwork(config.encoder());
        int features = encoder.features();
        int count = config.amdim().mixture();
        List<MultilayerPerceptron> mixture = new ArrayList<>();
        for (int j = 0; count > 1 && j < count; j++) {
            mixture.add(new MultilayerPerceptron(
                    "mixture." + j + ".", List.of(features, features, features), Norm.NONE, Norm.NONE));
        }
        return new AmdimNetworks(
                encoder,
                new LocalHead("local5.", encoder.localChannels(), features),
                encoder.matchingHead(),
                List.copyOf(mixture));
    }

    void declare(WeightLayout layout) {
        encoder.declare(layout, Objective.ENCODER);
        five.declare(layout);
        seven.declare(layout);
        mixture.forEach(component -> component.declare(layout));
    }

    /** views: N×C×32×32. */
    Features forward(NDArray views, Tensors weights, BatchNormMode mode) {
        Maps maps = encoder.maps(views, weights, Objective.ENCODER, mode);
        return new Features(
                maps.f1(),
                components(maps.f1(), weights, mode),
                five.forward(maps.f5(), weights, mode),
                seven.forward(maps.f7(), weights, mode));
    }

    // N×D → N×k×D
    private NDArray components(NDArray whole, Tensors weights, BatchNormMode mode) {
        if (mixture.isEmpty()) {
            return whole.expandDims(1);
        }
        NDList components = new NDList();
        for (MultilayerPerceptron component : mixture) {
            components.add(component.forward(whole, weights, mode).addi(whole));
        }
        return NDArrays.stack(components, 1);
    }
}
