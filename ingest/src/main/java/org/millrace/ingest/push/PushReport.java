package org.millrace.ingest.push;

import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.millrace.ingest.gate.Rejection;

/**
 * What a push did.
 *
 * @param pushed images that Kafka has acknowledged
 * @param rejected files that were refused; each is counted once, however often the push repeats
 * @param bytes of the pushed images, without keys and headers
 * @param classes different labels of the pushed images; {@link #MOST_CLASSES} stands for so many or more
 * @param rejectionsByReason counts by kind of reason, in plain words
 * @param interrupted whether it was stopped before its end
 */
public record PushReport(
        long pushed,
        long rejected,
        long bytes,
        int classes,
        double seconds,
        SortedMap<String, Long> rejectionsByReason,
        boolean interrupted) {
    /** Labels that are counted; there may be one for each image. */
    public static final int MOST_CLASSES = 10_000;

    PushReport(
            long pushed,
            long bytes,
            Set<String> classes,
            double seconds,
            Map<Rejection.Kind, Long> rejections,
            boolean interrupted) {
        this(
                pushed,
                rejections.values().stream().mapToLong(Long::longValue).sum(),
                bytes,
                classes.size(),
                seconds,
                named(rejections),
                interrupted);
    }

    public double imagesPerSecond() {
        return seconds > 0 ? pushed / seconds : 0;
    }

    private static SortedMap<String, Long> named(Map<Rejection.Kind, Long> rejections) {
        SortedMap<String, Long> named = new TreeMap<>();
        rejections.forEach((kind, count) -> named.put(kind.words(), count));
        return java.util.Collections.unmodifiableSortedMap(named);
    }
}
