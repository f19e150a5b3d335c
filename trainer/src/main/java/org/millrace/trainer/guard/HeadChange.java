package org.millrace.trainer.guard;

import java.util.Arrays;
import java.util.Set;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.objective.Heads;

/**
 * A saved state for a run whose guard has come, gone or changed since: a predictor that the state lacks, or has in another shape, begins
 * with fresh weights and no optimiser state; one that is no longer wanted is left out. Where nothing changed, the files are the same.
 *
 * @param query the learning network as it was saved
 * @param fresh the learning network as it is before it takes the state
 */
public record HeadChange(Safetensors query, Weights fresh) {
    /** The saved network with the predictor that is wanted now. */
    public Safetensors weights() {
        Safetensors wanted = fresh.snapshot("");
        if (isSame(wanted)) {
            return query;
        }
        Safetensors.Builder both = new Safetensors.Builder();
        for (String name : query.names()) {
            if (!name.startsWith(Heads.GUARD)) {
                copy(query, name, both);
            }
        }
        for (String name : wanted.names()) {
            if (name.startsWith(Heads.GUARD)) {
                copy(wanted, name, both);
            }
        }
        return both.build();
    }

    /** A saved optimiser's state with a value for each parameter now; the predictor's come last. */
    public Safetensors optimiser(Safetensors saved) {
        Safetensors wanted = fresh.snapshot("");
        if (isSame(wanted)) {
            return saved;
        }
        int now = Math.toIntExact(fresh.parameters().size());
        int common = Math.toIntExact(now - predictor(wanted));
        long before = common + predictor(query);
        Safetensors.Builder changed = new Safetensors.Builder();
        for (String name : saved.names()) {
            long[] shape = saved.shape(name);
            float[] values = saved.tensor(name, shape);
            if (shape.length == 1 && shape[0] == before) {
                float[] kept = Arrays.copyOf(Arrays.copyOf(values, common), now);
                changed.add(name, new long[] {now}, kept);
            } else {
                changed.add(name, shape, values);
            }
        }
        return changed.build();
    }

    // whether the predictors have the same tensors
    private boolean isSame(Safetensors wanted) {
        Set<String> then = query.part(Heads.GUARD).names();
        Set<String> now = wanted.part(Heads.GUARD).names();
        return then.equals(now)
                && now.stream()
                        .map(name -> Heads.GUARD + name)
                        .allMatch(name -> Arrays.equals(query.shape(name), wanted.shape(name)));
    }

    private static void copy(Safetensors from, String name, Safetensors.Builder to) {
        long[] shape = from.shape(name);
        to.add(name, shape, from.tensor(name, shape));
    }

    private static long predictor(Safetensors file) {
        return parameters(file.part(Heads.GUARD));
    }

    // values that gradients reach
    private static long parameters(Safetensors file) {
        return file.names().stream()
                .filter(name -> !name.endsWith(".running_mean") && !name.endsWith(".running_var"))
                .mapToLong(name -> Arrays.stream(file.shape(name)).reduce(1, (a, b) -> a * b))
                .sum();
    }
}
