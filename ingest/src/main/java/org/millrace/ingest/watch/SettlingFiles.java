package org.millrace.ingest.watch;

import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Files that may still be written: one is settled once its size and time have stayed the same for a while. Not thread safe. */
final class SettlingFiles {
    private final long settleNanos;
    private final Map<String, Seen> seen = new HashMap<>();

    private record Seen(long bytes, long modifiedMillis, long sinceNanos) {}

    SettlingFiles(long settleNanos) {
        this.settleNanos = settleNanos;
    }

    /** Whether the file, as it is seen now, has stayed the same for long enough. */
    boolean isSettled(String name, BasicFileAttributes now, long nowNanos) {
        Seen before = seen.get(name);
        long modifiedMillis = now.lastModifiedTime().toMillis();
        if (before == null || before.bytes() != now.size() || before.modifiedMillis() != modifiedMillis) {
            seen.put(name, new Seen(now.size(), modifiedMillis, nowNanos));
            return settleNanos == 0;
        }
        return nowNanos - before.sinceNanos() >= settleNanos;
    }

    /** Forgets every file but these. */
    void keepOnly(Set<String> names) {
        seen.keySet().retainAll(names);
    }

    void forget(String name) {
        seen.remove(name);
    }
}
