package org.millrace.evaluator;

import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;
import org.millrace.contract.event.EncoderAccepted;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.Standing;

/**
 * Which of a run's encoders may be taken as its newest and which are held: a fold over the topic {@code <run>.evaluations}. The first
 * evaluation of a version counts. Not thread safe.
 */
public final class Standings {
    private final TreeSet<Long> taken = new TreeSet<>();
    private final TreeSet<Long> held = new TreeSet<>();
    private boolean budgeted;

    /** Takes the topic's next event. */
    public void accept(EvaluationEvent event) {
        if (event instanceof Evaluation evaluation) {
            budgeted = evaluation.standing().map(Standing::budgeted).orElse(false);
            if (!isScored(evaluation.version())) {
                boolean isHeld = evaluation.standing().map(Standing::held).orElse(false);
                (isHeld ? held : taken).add(evaluation.version());
            }
        } else if (event instanceof EncoderAccepted accepted && held.remove(accepted.version())) {
            taken.add(accepted.version());
        }
    }

    public boolean isScored(long version) {
        return taken.contains(version) || held.contains(version);
    }

    public boolean isHeld(long version) {
        return held.contains(version);
    }

    /** Versions that are held. */
    public SortedSet<Long> held() {
        return new TreeSet<>(held);
    }

    /** The newest version that was scored and is not held. */
    public OptionalLong current() {
        return taken.isEmpty() ? OptionalLong.empty() : OptionalLong.of(taken.last());
    }

    /** The newest of those before a version. */
    public OptionalLong currentBefore(long version) {
        Long before = taken.lower(version);
        return before == null ? OptionalLong.empty() : OptionalLong.of(before);
    }

    /** Whether a version may be taken as the newest: it is not held and, where there is a budget, was judged. */
    public boolean mayBeTaken(long version) {
        return taken.contains(version) || (!budgeted && !held.contains(version));
    }
}
