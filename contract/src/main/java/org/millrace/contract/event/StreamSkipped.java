package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Map;
import java.util.TreeMap;
import org.millrace.contract.kafka.LogIdentity;

/**
 * Images that the run stood before are gone, and its owner let it go on without them: after step {@code step} the stream goes on at
 * these offsets. Plans of later steps that the journal holds before this record are void.
 *
 * @param nextOffsets of each partition
 * @param log the log that they belong to
 * @param reason what was gone, in words
 * @param skippedAtMillis Unix time
 */
public record StreamSkipped(
        int schema, long step, Map<Integer, Long> nextOffsets, LogIdentity log, String reason, long skippedAtMillis)
        implements JournalEvent {
    public StreamSkipped {
        check(step >= 0, "step must not be negative, but was %d", step);
        nextOffsets.forEach((partition, offset) -> check(
                partition >= 0 && offset >= 0,
                "partitions and offsets must not be negative: %d, %d",
                partition,
                offset));
        nextOffsets = new TreeMap<>(nextOffsets);
    }
}
