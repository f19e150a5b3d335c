package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

/**
 * The operator withdraws a published encoder, or takes that back: a revoked one is never current, whatever it was scored.
 *
 * @param version of the encoder
 * @param standing from here on; under this name a reader of an older release, which takes a type that it does not know for an {@link
 *     Evaluation}, fails on the record and leaves it out (docs/decisions/0022)
 * @param reason in the operator's words, or that none was given
 * @param revokedAtMillis Unix time
 */
public record EncoderRevocation(
        int schema, String run, long version, State standing, String reason, long revokedAtMillis)
        implements EvaluationEvent {
    public static final int SCHEMA = 1;
    private static final String NONE = "no reason given";

    public EncoderRevocation {
        check(version >= 0, "version must not be negative, but was %d", version);
        check(standing != null, "standing must be REVOKED or REINSTATED, but was missing");
        reason = reason == null || reason.isBlank() ? NONE : reason;
    }

    /** What becomes of the encoder. */
    public enum State {
        REVOKED,
        REINSTATED
    }
}
