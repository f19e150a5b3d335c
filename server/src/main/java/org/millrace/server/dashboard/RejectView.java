package org.millrace.server.dashboard;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.millrace.contract.ImageHeaders;

/** Rejected images by kind of reason: how many, and the newest of each. Not thread safe. */
final class RejectView {
    private static final int REASONS = 24;
    private static final int TEXT = 240;
    private static final String OTHER = "other reasons";

    private final Map<String, Sections.Reason> reasons = new HashMap<>();
    private long read;

    void add(ConsumerRecord<byte[], byte[]> record) {
        String reason = text(record, ImageHeaders.REJECT_REASON, "no reason given");
        String source = text(record, ImageHeaders.SOURCE, "");
        read++;
        var newest = new Sections.Reject(
                record.timestamp(), source.isEmpty() ? text(record, ImageHeaders.REJECT_POSITION, "") : source, reason);
        String kind = kind(reason);
        String place = reasons.size() >= REASONS && !reasons.containsKey(kind) ? OTHER : kind;
        reasons.merge(
                place,
                new Sections.Reason(place, 1, newest),
                (known, more) -> new Sections.Reason(place, known.count() + 1, newest));
    }

    void clear() {
        reasons.clear();
        read = 0;
    }

    Sections.Rejects section() {
        List<Sections.Reason> sorted = reasons.values().stream()
                .sorted(Comparator.comparingLong(Sections.Reason::count)
                        .reversed()
                        .thenComparing(Sections.Reason::reason))
                .toList();
        return new Sections.Rejects(read, sorted);
    }

    /** The part before the colon with numbers and quoted names replaced: the same for all reasons of a kind. */
    static String kind(String reason) {
        int colon = reason.indexOf(": ");
        String head = colon > 0 ? reason.substring(0, colon) : reason;
        return head.replaceAll("'[^']*'|\"[^\"]*\"", "…").replaceAll("(?<![\\w-])\\d+([.,:×x]\\d+)*", "N");
    }

    private static String text(ConsumerRecord<byte[], byte[]> record, String header, String otherwise) {
        String text = ImageHeaders.text(record.headers(), header).orElse(otherwise);
        return text.length() > TEXT ? text.substring(0, TEXT - 1) + "…" : text;
    }
}
