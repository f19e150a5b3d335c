package org.millrace.trainer.health;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.StepHealth;
import org.millrace.encoder.tensor.Torch;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.health.HealthCheck;
import org.millrace.trainer.objective.Batch;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.objective.Projections;

/**
 * Measures health at every n-th step, between published encoders, and changes nothing of the run: with it and without it the weights
 * are the same to the bit. Used by one thread; the owner closes it, but not the objective.
 */
public final class HealthWatch implements AutoCloseable {
    private final Objective objective;
    private final int everySteps;
    private final Optional<DictionaryWatch> dictionary;

    /** @param everySteps 0 measures nothing */
    public HealthWatch(Objective objective, Torch torch, int everySteps) {
        this.objective = objective;
        this.everySteps = everySteps;
        this.dictionary = everySteps == 0
                ? Optional.empty()
                : objective.remembered().map(keys -> new DictionaryWatch(keys, torch, everySteps));
    }

    /** Takes note of a step whose keys are remembered now; its health, after an n-th step. */
    public Optional<StepHealth> after(Batch batch, Projections projections) {
        Optional<DictionaryHealth> keys =
                dictionary.flatMap(watch -> watch.after(batch, objective.keySequence(), objective.keysFilled()));
        if (everySteps == 0 || batch.step() % everySteps != 0) {
            return Optional.empty();
        }
        FeatureMatrix first = matrix(projections.first());
        Optional<FeatureMatrix> second = projections.second().map(HealthWatch::matrix);
        boolean measurable = first.rows() >= 2 && first.isFinite();
        Optional<Health> health = measurable ? Optional.of(HealthCheck.of(first)) : Optional.empty();
        OptionalDouble alignment =
                measurable && second.isPresent() && second.get().isFinite()
                        ? OptionalDouble.of(HealthCheck.alignment(first, second.get()))
                        : OptionalDouble.empty();
        return Optional.of(new StepHealth(health, alignment, keys));
    }

    /** Forgets what it took note of: the run goes on from another state. */
    public void clear() {
        dictionary.ifPresent(DictionaryWatch::clear);
    }

    @Override
    public void close() {
        dictionary.ifPresent(DictionaryWatch::close);
    }

    private static FeatureMatrix matrix(NDArray rows) {
        float[] values = rows.toFloatArray();
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return new FeatureMatrix(
                (int) rows.getShape().get(0), (int) rows.getShape().get(1), wide);
    }
}
