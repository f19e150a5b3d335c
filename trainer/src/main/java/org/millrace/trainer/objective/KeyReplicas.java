package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import java.util.List;
import org.millrace.encoder.network.BatchNormMode;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/**
 * The key network on several devices, each of which encodes consecutive rows with the statistics of those rows alone (He et al. 2020,
 * section 3.3). Before a step every device has the first one's weights and running statistics, and the first one's stay, as PyTorch's
 * DistributedDataParallel does it. The owner closes it, but not the first device's weights.
 */
final class KeyReplicas implements AutoCloseable {
    private static final NDIndex ALL = new NDIndex(":");

    private final Torch torch;
    private final List<Torch> devices;
    private final Branch branch;
    private final Weights first;
    private final List<Weights> others;

    /** @param devices two or more; the first is the run's own */
    KeyReplicas(Torch torch, List<Torch> devices, Branch branch, Weights first) {
        this.torch = torch;
        this.devices = devices;
        this.branch = branch;
        this.first = first;
        WeightLayout layout = new WeightLayout();
        branch.declare(layout);
        this.others = devices.stream()
                .skip(1)
                .map(device -> Weights.initialised(device, layout, 0))
                .toList();
    }

    /** rows: N×…, a multiple of the devices → N×output on the run's device, whose own weights are {@code here}. */
    NDArray forward(NDArray rows, Tensors here) {
        long part = rows.getShape().get(0) / devices.size();
        NDList keys = new NDList();
        for (int i = 0; i < devices.size(); i++) {
            Torch device = devices.get(i);
            NDManager scope = rows.getManager();
            Tensors weights = i == 0 ? here : follow(others.get(i - 1), device).tensors(scope);
            NDArray share = device.take(rows.get(i * part + ":" + (i + 1) * part));
            share.attach(scope);
            NDArray encoded = branch.forward(share, weights, BatchNormMode.TRAINING);
            keys.add(torch.take(encoded));
        }
        return NDArrays.concat(keys, 0);
    }

    private Weights follow(Weights replica, Torch device) {
        copy(first.parameters(), replica.parameters(), device);
        copy(first.buffers(), replica.buffers(), device);
        copy(first.frozen(), replica.frozen(), device);
        return replica;
    }

    private static void copy(NDArray from, NDArray to, Torch device) {
        NDArray here = device.take(from);
        to.set(ALL, here);
        if (here != from) {
            here.close();
        }
    }

    @Override
    public void close() {
        others.forEach(Weights::close);
    }
}
