package org.millrace.encoder.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.encoder.VectorTensors.tensor;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.TestEncoders;

/** Batch norm, whole, split and shuffled, against the reference vectors; shapes and parameters are the files'. */
final class BatchNormVectorsTest {
    private final NDManager manager = TestEncoders.torch().newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void forward_twoBatchesThenEvaluation_sameOutputsStatisticsAndGradients() {
        ReferenceVector vector = ReferenceVector.load("bn_train");
        BatchNormLayer layer = layer(vector);
        NDArray x = tensor(vector, "x1", manager);
        NDArray scale = tensor(vector, "gamma", manager);
        NDArray shift = tensor(vector, "beta", manager);
        NDArray mean = tensor(vector, "running_mean", manager);
        NDArray variance = tensor(vector, "running_var", manager);
        for (NDArray leaf : new NDArray[] {x, scale, shift}) {
            leaf.setRequiresGradient(true);
        }
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray y = layer.forward(x, mean, variance, scale, shift, BatchNormMode.TRAINING);
            collector.backward(y.mul(tensor(vector, "grad_out", manager)).sum());
            vector.check("y1", y.toFloatArray());
        }
        vector.check("running_mean1", mean.toFloatArray());
        vector.check("running_var1", variance.toFloatArray());
        vector.check("grad_x1", x.getGradient().toFloatArray());
        vector.check("grad_gamma1", scale.getGradient().toFloatArray());
        vector.check("grad_beta1", shift.getGradient().toFloatArray());
        NDArray second = tensor(vector, "x2", manager);
        vector.check(
                "y2",
                layer.forward(second, mean, variance, scale, shift, BatchNormMode.TRAINING)
                        .toFloatArray());
        vector.check("running_mean2", mean.toFloatArray());
        vector.check("running_var2", variance.toFloatArray());
        vector.check(
                "eval_y1_after_both",
                layer.forward(x, mean, variance, scale, shift, BatchNormMode.EVALUATION)
                        .toFloatArray());
    }

    @Test
    void forward_batchStatistics_biasedForTheOutputUnbiasedForTheRunning() {
        ReferenceVector vector = ReferenceVector.load("bn_train");
        // all of the running statistics are the batch's own
        var layer = new BatchNormLayer(0, (float) vector.number("eps"));
        NDArray mean = tensor(vector, "running_mean", manager);
        NDArray variance = tensor(vector, "running_var", manager);
        NDArray x = tensor(vector, "x1", manager);
        forward(layer, vector, x, mean, variance, BatchNormMode.TRAINING);
        vector.check("batch_mean1", mean.toFloatArray());
        vector.check("batch_var_unbiased1", variance.toFloatArray());
        float n = x.size() / (float) x.getShape().get(1);
        vector.check("batch_var_biased1", variance.mul((n - 1) / n).toFloatArray());
    }

    /** Ours takes the mean of the devices' running statistics; the vector's {@code _rank0} is what copying device 0's would give. */
    @Test
    void forward_split_sameOutputsAndMeanStatistics() {
        ReferenceVector vector = ReferenceVector.load("bn_split");
        int splits = (int) vector.number("splits");
        for (String kind : new String[] {"contiguous", "interleaved"}) {
            BatchNormMode mode =
                    kind.equals("contiguous") ? BatchNormMode.contiguous(splits) : BatchNormMode.interleaved(splits);
            NDArray mean = tensor(vector, "running_mean", manager);
            NDArray variance = tensor(vector, "running_var", manager);
            NDArray y = forward(layer(vector), vector, tensor(vector, "x1", manager), mean, variance, mode);
            vector.check(kind + "_y", y.toFloatArray());
            vector.check(kind + "_running_mean", mean.toFloatArray());
            vector.check(kind + "_running_var", variance.toFloatArray());
        }
    }

    @Test
    void permuted_split_sameRowsInTheirOwnOrder() {
        ReferenceVector vector = ReferenceVector.load("bn_shuffle");
        BatchNormMode mode = BatchNormMode.contiguous((int) vector.number("splits"));
        int[] permutation = vector.integers("perm");
        vector.check("inverse_perm", RowOrder.inverse(permutation));
        NDArray x = tensor(vector, "x1", manager);
        NDArray mean = tensor(vector, "running_mean", manager);
        NDArray variance = tensor(vector, "running_var", manager);
        NDArray y = RowOrder.permuted(x, permutation, rows -> {
            NDArray encoded = forward(layer(vector), vector, rows, mean, variance, mode);
            vector.check("y_shuffled_order", encoded.toFloatArray());
            return encoded;
        });
        vector.check("y", y.toFloatArray());
        vector.check("running_mean_avg", mean.toFloatArray());
        vector.check("running_var_avg", variance.toFloatArray());
        NDArray plain = forward(
                layer(vector),
                vector,
                x,
                tensor(vector, "running_mean", manager),
                tensor(vector, "running_var", manager),
                mode);
        vector.check("y_without_shuffle", plain.toFloatArray());
    }

    @Test
    void forward_splitOfEqualParts_gradientsAsOfThePartsAlone() {
        ReferenceVector vector = ReferenceVector.load("bn_split");
        int splits = (int) vector.number("splits");
        NDArray x = tensor(vector, "x1", manager);
        long samples = x.getShape().get(0) / splits;
        x.setRequiresGradient(true);
        NDArray weight = manager.arange((float) x.size()).reshape(x.getShape()).sin();
        float[] whole;
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray y = fresh(vector, x, BatchNormMode.contiguous(splits));
            collector.backward(y.mul(weight).sum());
            whole = x.getGradient().toFloatArray();
        }
        for (int s = 0; s < splits; s++) {
            String rows = s * samples + ":" + (s + 1) * samples;
            NDArray part = tensor(vector, "x1", manager).get(rows);
            part.setRequiresGradient(true);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray y = fresh(vector, part, BatchNormMode.TRAINING);
                collector.backward(y.mul(weight.get(rows)).sum());
            }
            float[] wanted = part.getGradient().toFloatArray();
            float[] got = Arrays.copyOfRange(whole, s * wanted.length, (s + 1) * wanted.length);
            for (int i = 0; i < wanted.length; i++) {
                assertThat(got[i]).isCloseTo(wanted[i], org.assertj.core.data.Offset.offset(1e-6f));
            }
        }
    }

    private NDArray fresh(ReferenceVector vector, NDArray x, BatchNormMode mode) {
        return forward(
                layer(vector),
                vector,
                x,
                tensor(vector, "running_mean", manager),
                tensor(vector, "running_var", manager),
                mode);
    }

    private NDArray forward(
            BatchNormLayer layer,
            ReferenceVector vector,
            NDArray x,
            NDArray mean,
            NDArray variance,
            BatchNormMode mode) {
        return layer.forward(
                x, mean, variance, tensor(vector, "gamma", manager), tensor(vector, "beta", manager), mode);
    }

    private static BatchNormLayer layer(ReferenceVector vector) {
        return new BatchNormLayer((float) (1 - vector.number("momentum")), (float) vector.number("eps"));
    }
}
