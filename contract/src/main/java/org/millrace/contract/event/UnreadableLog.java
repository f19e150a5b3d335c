package org.millrace.contract.event;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the log says about unreadable records: each is named once, however many readers meet it; after the first few of a partition they
 * are counted, in at most one line a minute. Of records older than the process, which every start meets again, one per partition is a
 * warning and the others are at debug. Thread safe.
 */
final class UnreadableLog {
    static final int MOST_NAMED = 3;
    static final long PERIOD_MILLIS = 60_000;

    /** Offsets remembered of a partition; beyond, only higher offsets count as new. */
    private static final int MOST_REMEMBERED = 10_000;

    private static final Logger log = LoggerFactory.getLogger(RecordReader.class);
    private static final UnreadableLog OF_PROCESS = new UnreadableLog(System::currentTimeMillis, log::warn, log::debug);

    private final LongSupplier millis;
    private final Consumer<String> warn;
    private final Consumer<String> debug;
    private final Map<String, Offsets> old = new HashMap<>(); // by topic and partition
    private final Map<String, Offsets> since = new HashMap<>();
    private volatile boolean counting;

    private static final class Offsets {
        private final Set<Long> seen = new HashSet<>();
        private long highest = -1;
        private long uncounted;
        private long lineAtMillis;
        private String last = "";

        boolean add(long offset) {
            boolean fresh = seen.size() < MOST_REMEMBERED ? seen.add(offset) : offset > highest;
            highest = Math.max(highest, offset);
            return fresh;
        }
    }

    UnreadableLog(LongSupplier millis, Consumer<String> warn, Consumer<String> debug) {
        this.millis = millis;
        this.warn = warn;
        this.debug = debug;
    }

    /** The one that all readers of the process share. */
    static UnreadableLog ofProcess() {
        return OF_PROCESS;
    }

    /** @param isOld whether the record is older than the process */
    synchronized void add(Unreadable record, boolean isOld) {
        Offsets offsets = (isOld ? old : since)
                .computeIfAbsent(record.topic() + "/" + record.partition(), place -> new Offsets());
        if (!offsets.add(record.offset())) {
            return;
        }
        int named = offsets.seen.size();
        if (isOld && named > 1) {
            debug.accept("left out: " + record.words());
        } else if (isOld) {
            warn.accept("left out: " + record.words()
                    + "; others that this partition held before this start are named at log.level=debug");
        } else if (named <= MOST_NAMED) {
            offsets.lineAtMillis = millis.getAsLong();
            warn.accept("left out: " + record.words()
                    + (named < MOST_NAMED ? "" : "; more of this partition are counted, in one line a minute"));
        } else {
            offsets.uncounted++;
            offsets.last = record.words();
            counting = true;
            writeCounts();
        }
    }

    /** Writes the counts that are due. Called often: without any it costs nothing. */
    void writeDue() {
        if (counting) {
            writeCounts();
        }
    }

    private synchronized void writeCounts() {
        long now = millis.getAsLong();
        for (Offsets offsets : since.values()) {
            if (offsets.uncounted > 0 && now - offsets.lineAtMillis >= PERIOD_MILLIS) {
                warn.accept("left out: " + offsets.uncounted + " more; the last: " + offsets.last);
                offsets.uncounted = 0;
                offsets.lineAtMillis = now;
            }
        }
        counting = since.values().stream().anyMatch(offsets -> offsets.uncounted > 0);
    }
}
