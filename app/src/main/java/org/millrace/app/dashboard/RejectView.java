package org.millrace.app.dashboard;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.millrace.contract.ImageHeaders;

/** What was refused, newest first, and how often for which reason. Not thread safe. */
final class RejectView {
    private static final int NEWEST = 12;
    private static final int REASONS = 24;
    private static final int TEXT = 240;
    private static final String OTHER = "other reasons";

    private final List<Sections.Reject> newest = new ArrayList<>();
    private final Map<String, Long> reasons = new HashMap<>();
    private long read;

    void add(ConsumerRecord<byte[], byte[]> record) {
        String reason = text(record, ImageHeaders.REJECT_REASON, "no reason given");
        read++;
        newest.add(
                0,
                new Sections.Reject(
                        record.timestamp(),
                        text(record, ImageHeaders.SOURCE, ""),
                        text(record, ImageHeaders.REJECT_POSITION, ""),
                        reason,
                        record.value() == null ? 0 : record.value().length));
        if (newest.size() > NEWEST) {
            newest.remove(NEWEST);
        }
        String kind = kind(reason);
        reasons.merge(reasons.size() >= REASONS && !reasons.containsKey(kind) ? OTHER : kind, 1L, Long::sum);
    }

    void clear() {
        newest.clear();
        reasons.clear();
        read = 0;
    }

    Sections.Rejects section() {
        List<Sections.Reason> sorted = reasons.entrySet().stream()
                .map(entry -> new Sections.Reason(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(Sections.Reason::count)
                        .reversed()
                        .thenComparing(Sections.Reason::reason))
                .toList();
        return new Sections.Rejects(read, sorted, List.copyOf(newest));
    }

    // what stands before the colon is the same for all of a kind
    private static String kind(String reason) {
        int colon = reason.indexOf(':');
        return colon > 0 ? reason.substring(0, colon) : reason;
    }

    private static String text(ConsumerRecord<byte[], byte[]> record, String header, String otherwise) {
        String text = ImageHeaders.text(record.headers(), header).orElse(otherwise);
        return text.length() > TEXT ? text.substring(0, TEXT - 1) + "…" : text;
    }
}
