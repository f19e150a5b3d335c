package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.keystore.KeyStore;

/** Objectives with networks small enough to follow by hand. */
public final class TestObjectives {
    private TestObjectives() {}

    /**
     * Momentum contrast whose encoder is one matrix: q = x·W.
     *
     * @param weights I×C, of both networks
     * @param queue K×C, the first rows of the dictionary
     */
    public static Objective linearMoco(
            MillraceConfig config, Torch torch, KeyStore keys, int inputs, float[] weights, float[] queue) {
        var moco = new MomentumContrast(config, new Matrix(inputs, config.head().output()), torch, keys);
        InPlace.overwrite(moco.query().parameters(), weights);
        InPlace.overwrite(moco.key().orElseThrow().parameters(), weights);
        InPlace.overwrite(moco.dictionary().rows(), queue);
        return moco;
    }

    /** Rows of the dictionary, K×C. */
    public static float[] dictionaryOf(Objective objective) {
        return ((MomentumContrast) objective).dictionary().rows().toFloatArray();
    }

    // x: N×I → N×C; a convolution of size 1 is declared because it has no bias
    record Matrix(int rows, int columns) implements Branch {
        @Override
        public void declare(WeightLayout layout) {
            layout.convolution(ENCODER_MATRIX, rows, columns, 1);
        }

        @Override
        public NDArray forward(NDArray views, Tensors weights, BatchNormMode mode) {
            return views.matMul(weights.get(ENCODER_MATRIX + ".weight").reshape(rows, columns));
        }

        private static final String ENCODER_MATRIX = Objective.ENCODER + "matrix";
    }
}
