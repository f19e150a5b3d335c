package org.millrace.evaluator;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.contract.registry.PublishedEncoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encoders that wait to be evaluated. The untrained one goes first, then the newest; with a churn budget, the oldest, as each is compared
 * with the one before. Over the bound on their bytes the oldest trained ones are dropped and logged, never the untrained or the newest.
 * Not thread safe.
 */
final class WaitingEncoders {
    private static final Logger LOG = LoggerFactory.getLogger(WaitingEncoders.class);

    private final long maxBytes;
    private final boolean oldestFirst;
    private final TreeMap<Long, PublishedEncoder> byVersion = new TreeMap<>();
    private long bytes;

    WaitingEncoders(long maxBytes, boolean oldestFirst) {
        this.maxBytes = maxBytes;
        this.oldestFirst = oldestFirst;
    }

    void add(PublishedEncoder encoder) {
        remove(encoder.version());
        byVersion.put(encoder.version(), encoder);
        bytes += encoder.publishedBytes();
        while (bytes > maxBytes) {
            Map.Entry<Long, PublishedEncoder> oldest = byVersion.higherEntry(0L);
            if (oldest == null || oldest.getKey().equals(byVersion.lastKey())) {
                return;
            }
            remove(oldest.getKey());
            LOG.warn(
                    "encoder {} is not evaluated: newer ones wait already (the newest is {})",
                    oldest.getKey(),
                    byVersion.lastKey());
        }
    }

    /** Removes and returns the next one to evaluate. */
    Optional<PublishedEncoder> take() {
        Map.Entry<Long, PublishedEncoder> next =
                oldestFirst || byVersion.containsKey(0L) ? byVersion.firstEntry() : byVersion.lastEntry();
        if (next == null) {
            return Optional.empty();
        }
        remove(next.getKey());
        return Optional.of(next.getValue());
    }

    private void remove(long version) {
        PublishedEncoder removed = byVersion.remove(version);
        if (removed != null) {
            bytes -= removed.publishedBytes();
        }
    }

    boolean isEmpty() {
        return byVersion.isEmpty();
    }
}
