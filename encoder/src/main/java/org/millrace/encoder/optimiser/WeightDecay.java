package org.millrace.encoder.optimiser;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.millrace.encoder.tensor.Weights;
import org.millrace.encoder.tensor.Weights.Slice;

/**
 * Weight decay λ of SGD and Adam: of all parameters, or of kernels only, which leaves out biases, norms, tokens and position embeddings.
 * Immutable.
 */
record WeightDecay(double lambda, boolean kernelsOnly) {
    WeightDecay {
        check(lambda >= 0, "weight decay must not be negative, but was %s", lambda);
    }

    /** Of all parameters. */
    static WeightDecay ofAll(double lambda) {
        return new WeightDecay(lambda, false);
    }

    /** g ← g + λw. gradient: P, of these weights. */
    void addTo(NDArray gradient, Weights weights, NDManager scope) {
        NDArray parameters = weights.parameters();
        if (!kernelsOnly) {
            NDArray decay = parameters.mul((float) lambda);
            decay.attach(scope);
            gradient.addi(decay);
            return;
        }
        for (Slice run : kernels(weights)) {
            run.of(gradient, scope).addi(run.of(parameters, scope).mul((float) lambda));
        }
    }

    /** w ← w − ηλw. */
    void shrink(Weights weights, double learningRate, NDManager scope) {
        float kept = (float) (1 - learningRate * lambda);
        if (!kernelsOnly) {
            weights.parameters().muli(kept);
            return;
        }
        for (Slice run : kernels(weights)) {
            run.of(weights.parameters(), scope).muli(kept);
        }
    }

    // neighbouring kernels as one
    private static List<Slice> kernels(Weights weights) {
        List<Slice> runs = new ArrayList<>();
        for (Slice slice : weights.slices()) {
            if (!slice.isKernel()) {
                continue;
            }
            int last = runs.size() - 1;
            if (last >= 0 && runs.get(last).to() == slice.from()) {
                runs.set(last, new Slice(runs.get(last).from(), slice.to(), slice.dimensions()));
            } else {
                runs.add(slice);
            }
        }
        return runs;
    }
}
