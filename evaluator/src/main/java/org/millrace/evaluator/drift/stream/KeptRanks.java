package org.millrace.evaluator.drift.stream;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;

/**
 * Which of a window's images will be kept, known before they are embedded: one whose rank is not among the window's lowest so far never
 * is. Of N images only capacity · (1 + ln(N / capacity)) need embedding. What it forgets, after a restart or of an old window, only
 * costs more embedding. Not thread safe.
 */
final class KeptRanks {
    private static final int WINDOWS = 64;

    private final int capacity;
    private final Map<String, TreeMap<Long, PriorityQueue<Long>>> lowest = new HashMap<>();

    KeptRanks(int capacity) {
        this.capacity = capacity;
    }

    /** Whether an image of that rank may be kept; if so, it counts from now on. */
    boolean take(String key, long window, long rank) {
        TreeMap<Long, PriorityQueue<Long>> windows = lowest.computeIfAbsent(key, unused -> new TreeMap<>());
        PriorityQueue<Long> ranks =
                windows.computeIfAbsent(window, unused -> new PriorityQueue<>(Comparator.reverseOrder()));
        if (windows.size() > WINDOWS) {
            windows.pollFirstEntry();
        }
        if (ranks.size() == capacity) {
            if (rank > ranks.element()) {
                return false;
            }
            ranks.poll();
        }
        ranks.add(rank);
        return true;
    }
}
