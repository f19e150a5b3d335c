package org.millrace.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.event.Stage;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.trainer.guard.Guard;
import org.millrace.trainer.objective.Batch;
import org.millrace.trainer.objective.Loss;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.objective.Targets;
import org.millrace.trainer.optimiser.WeightUpdate;
import org.millrace.trainer.stream.StageClock;

/**
 * Forward and backward pass of the learning network: the gradient of the objective's loss, and of the guard's distance beside it.
 *
 * @param parts of a batch, differentiated one after another; each adds its gradient
 */
record Differentiation(Objective objective, Optional<Guard> guard, WeightUpdate update, int parts) {
    /** @param distance the guard's; 0 without one */
    record Outcome(Loss loss, double distance) {}

    Outcome of(Batch batch, Targets targets, NDManager scope, StageClock clock) {
        return Gradients.recorded(
                () -> parts == 1 ? ofPart(batch, targets, scope, clock) : ofParts(batch, targets, scope, clock));
    }

    private Outcome ofParts(Batch batch, Targets targets, NDManager scope, StageClock clock) {
        List<Loss> losses = new ArrayList<>();
        double distance = 0;
        for (int i = 0; i < parts; i++) {
            try (NDManager activations = scope.newSubManager()) { // freed before the next part's are made
                Batch part = batch.part(i, parts, activations);
                Targets partTargets = targets.part(i, parts, activations);
                Outcome made = ofPart(part, partTargets, activations, clock);
                losses.add(made.loss().keptIn(scope));
                distance += made.distance() / parts;
            }
        }
        return new Outcome(Loss.joined(losses, scope), distance);
    }

    private Outcome ofPart(Batch part, Targets targets, NDManager scope, StageClock clock) {
        Loss loss = objective.loss(part, targets, scope);
        Optional<NDArray> distance = guard.map(present -> present.distance(objective.encoded(), scope));
        NDArray whole =
                distance.isEmpty() ? loss.value() : loss.value().add(guard.get().weighed(distance.get()));
        clock.lap(Stage.QUERIES);
        NDArray share = parts == 1 ? whole : Scaled.over(whole, parts);
        Gradients.backward(update.scaled(share));
        clock.lap(Stage.BACKWARD);
        return new Outcome(loss, distance.isEmpty() ? 0 : distance.get().getFloat());
    }
}
