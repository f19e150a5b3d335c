package org.millrace.encoder.optimiser;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/** One value for each parameter that an optimiser carries from step to step, zero at first. The owner closes it. */
final class StateTensor implements AutoCloseable {
    private final String name;
    private final NDManager manager;
    private final NDArray values; // P

    StateTensor(String name, Torch torch, Weights weights) {
        this.name = name;
        this.manager = torch.newManager();
        this.values = manager.zeros(weights.parameters().getShape());
    }

    /** P; the tensor itself, not a copy. */
    NDArray values() {
        return values;
    }

    void save(Safetensors.Builder file) {
        file.add(name, new long[] {values.size()}, values.toFloatArray());
    }

    void restore(Safetensors file) {
        InPlace.overwrite(values, file.tensor(name, values.size()));
    }

    @Override
    public void close() {
        manager.close();
    }
}
