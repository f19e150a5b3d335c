package org.millrace.evaluator;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.contract.registry.PublishedEncoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encoders that wait to be evaluated: the untrained one goes first, then the newest, or where each is judged by the one before it, the
 * oldest. While they are too many bytes together, the
 * oldest trained ones are dropped, and said; the untrained and the newest one never are. Not thread safe.
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
        bytes += encoder.safetensors().length;
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

    /** Takes the one to evaluate next. */
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
            bytes -= removed.safetensors().length;
        }
    }

    boolean isEmpty() {
        return byVersion.isEmpty();
    }
}
