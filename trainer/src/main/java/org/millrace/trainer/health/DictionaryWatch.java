package org.millrace.trainer.health;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.DictionaryHealth.Ages;
import org.millrace.contract.event.DictionaryHealth.Consistency;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.ImageId;
import org.millrace.trainer.objective.Batch;
import org.millrace.trainer.objective.Remembered;

/**
 * Age and consistency of remembered keys at every n-th step. It keeps the views of whole batches, since a key depends on its batch by
 * batch norm: of those alone that will have about the median age at such a step. They are no part of the run's state. See
 * docs/decisions/0019. Not thread safe; the owner closes it.
 */
final class DictionaryWatch implements AutoCloseable {
    /** Fewer keys than this say nothing of the others. */
    static final int LEAST_KEYS = 8;

    /** Views that are kept at one time, unless those of one batch are more. */
    private static final long MOST_BYTES = 256L << 20;

    private final Remembered remembered;
    private final NDManager manager;
    private final int everySteps;
    private final Deque<Kept> kept = new ArrayDeque<>(); // oldest first
    private long dueBefore = Long.MAX_VALUE;

    /** @param due the step after which they are encoded again */
    private record Kept(long step, long due, long lastKey, List<Optional<ImageId>> ids, NDArray views) {}

    DictionaryWatch(Remembered remembered, Torch torch, int everySteps) {
        this.remembered = remembered;
        this.manager = torch.newManager();
        this.everySteps = everySteps;
    }

    /**
     * Takes note of a step whose keys are remembered now.
     *
     * @param sequence keys remembered so far
     * @param filled keys that the memory holds, at least one
     * @return its health, after an n-th step
     */
    Optional<DictionaryHealth> after(Batch batch, long sequence, long filled) {
        long step = batch.step();
        // the memory holds this share of all keys, those of the newest steps: half of them are younger than the median
        long medianAge = step * filled / (2 * sequence);
        long due = (step + medianAge) / everySteps * everySteps;
        if (due > dueBefore) {
            keep(batch, due, sequence);
        }
        dueBefore = due;
        if (step % everySteps != 0) {
            return Optional.empty();
        }
        long[] steps = remembered.steps();
        return Optional.of(new DictionaryHealth(steps.length, Ages.at(step, steps), consistency(step)));
    }

    /** Forgets what it kept: the memory is another now. */
    void clear() {
        kept.forEach(batch -> batch.views().close());
        kept.clear();
        dueBefore = Long.MAX_VALUE;
    }

    @Override
    public void close() {
        manager.close();
    }

    private void keep(Batch batch, long due, long sequence) {
        NDArray views = remembered.views(batch);
        long bytes = views.size() * Float.BYTES;
        if (kept.isEmpty() || (kept.size() + 1) * bytes <= MOST_BYTES) {
            NDArray copy = views.duplicate();
            copy.attach(manager);
            kept.add(new Kept(batch.step(), due, sequence, List.copyOf(batch.ids()), copy));
        }
    }

    private Optional<Consistency> consistency(long step) {
        if (kept.isEmpty() || kept.element().due() > step) {
            return Optional.empty();
        }
        Kept batch = kept.remove();
        try (NDManager scope = manager.newSubManager();
                NDArray views = batch.views()) {
            BankRows then = remembered.rows(batch.lastKey(), batch.ids(), scope);
            float[] now = remembered.encode(views, batch.step(), scope).toFloatArray();
            return consistency(then, now, step - batch.step());
        }
    }

    // now: N×C
    private static Optional<Consistency> consistency(BankRows then, float[] now, long age) {
        int keys = 0;
        double sum = 0;
        for (int row = 0; row < then.size(); row++) {
            if (then.isPresent(row)) {
                keys++;
                for (int i = row * then.dimension(); i < (row + 1) * then.dimension(); i++) {
                    sum += (double) then.rows()[i] * now[i];
                }
            }
        }
        return keys < LEAST_KEYS ? Optional.empty() : Optional.of(new Consistency(sum / keys, keys, age));
    }
}
