package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

/**
 * The operator takes a held encoder for good: from here on it may be the current one.
 *
 * @param version of the encoder
 * @param acceptedAtMillis Unix time
 */
public record EncoderAccepted(int schema, String run, long version, long acceptedAtMillis) implements EvaluationEvent {
    public static final int SCHEMA = 1;

    public EncoderAccepted {
        check(version >= 0, "version must not be negative, but was %d", version);
    }
}
