package org.millrace.contract.registry;

import java.util.Collection;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.millrace.contract.event.EncoderAccepted;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.Standing;

/**
 * Which of a run's encoders may be taken as its newest, which are held and which are revoked: a fold over the topic {@code
 * <run>.evaluations}. The first evaluation of a version counts, and the last revocation. Not thread safe.
 */
public final class Standings {
    private final TreeSet<Long> taken = new TreeSet<>();
    private final TreeSet<Long> held = new TreeSet<>();
    private final TreeMap<Long, EncoderRevocation> revoked = new TreeMap<>();
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
        } else if (event instanceof EncoderRevocation revocation) {
            switch (revocation.standing()) {
                case REVOKED -> revoked.put(revocation.version(), revocation);
                case REINSTATED -> revoked.remove(revocation.version());
            }
        }
    }

    public boolean isScored(long version) {
        return taken.contains(version) || held.contains(version);
    }

    public boolean isHeld(long version) {
        return held.contains(version);
    }

    /** Versions that are held and may be accepted: those that are revoked too are not among them. */
    public SortedSet<Long> held() {
        var waiting = new TreeSet<>(held);
        waiting.removeAll(revoked.keySet());
        return waiting;
    }

    /** Versions that the operator has revoked, each with why. */
    public SortedMap<Long, EncoderRevocation> revoked() {
        return new TreeMap<>(revoked);
    }

    public boolean isRevoked(long version) {
        return revoked.containsKey(version);
    }

    /** The newest version that was scored and is neither held nor revoked. */
    public OptionalLong current() {
        return currentBefore(Long.MAX_VALUE);
    }

    /** The newest of those before a version. */
    public OptionalLong currentBefore(long version) {
        return taken.headSet(version, false).descendingSet().stream()
                .filter(before -> !isRevoked(before))
                .mapToLong(Long::longValue)
                .findFirst();
    }

    /**
     * Which of the versions on the topic is taken as the newest: the newest one that may be taken. None where that is older than the
     * current one, which then has left the topic.
     */
    public OptionalLong newestOf(Collection<Long> published) {
        OptionalLong newest = published.stream()
                .mapToLong(Long::longValue)
                .filter(this::mayBeTaken)
                .max();
        return newest.isPresent() && newest.getAsLong() >= current().orElse(-1) ? newest : OptionalLong.empty();
    }

    /** Whether a version may be taken as the newest: it is neither held nor revoked and, where there is a budget, was judged. */
    boolean mayBeTaken(long version) {
        return !isRevoked(version) && (taken.contains(version) || (!budgeted && !held.contains(version)));
    }
}
