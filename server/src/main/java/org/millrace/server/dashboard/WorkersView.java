package org.millrace.server.dashboard;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.millrace.server.dashboard.SlotNotices.Notice;

/** The processes whose contributions were merged in the last rounds, or are ready for the one under way. */
final class WorkersView {
    private static final int SHOWN = 64;
    /** A process that has contributed nothing to so many rounds is away. */
    private static final int ROUNDS = 3;

    private final Map<String, Sums> workers = new TreeMap<>();
    private final long merged;

    /** A slot of the round under way that a process has computed. */
    record Ready(int slot, Notice notice) {}

    /** Of one process. */
    private static final class Sums {
        private long slots;
        private long images;
        private double seconds;
        private long round = -1;
        private int slot;
        private long seenMillis = Long.MIN_VALUE;

        private void see(int ofSlot, Notice notice) {
            if (notice.round() > round || notice.readyAtMillis() > seenMillis) {
                round = notice.round();
                slot = ofSlot;
                seenMillis = notice.readyAtMillis();
            }
        }
    }

    /** @param merged number of rounds merged so far */
    WorkersView(Collection<MergedRound> recent, List<Ready> underWay, long merged) {
        this.merged = merged;
        for (MergedRound round : recent) {
            for (MergedRound.Part part : round.parts()) {
                part.notice().ifPresent(notice -> {
                    Sums sums = sums(notice);
                    sums.slots++;
                    sums.images += part.images();
                    sums.seconds += notice.seconds();
                    sums.see(part.slot(), notice);
                });
            }
        }
        underWay.forEach(ready -> sums(ready.notice()).see(ready.slot(), ready.notice()));
    }

    private Sums sums(Notice notice) {
        return workers.computeIfAbsent(notice.worker(), name -> new Sums());
    }

    /** Those seen last, by name. */
    List<Sections.Worker> section() {
        return workers.entrySet().stream()
                .map(entry -> worker(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(Sections.Worker::seenMillis).reversed())
                .limit(SHOWN)
                .sorted(Comparator.comparing(Sections.Worker::name))
                .toList();
    }

    private Sections.Worker worker(String name, Sums sums) {
        return new Sections.Worker(
                name,
                sums.slots,
                sums.seconds > 0 ? OptionalDouble.of(sums.images / sums.seconds) : OptionalDouble.empty(),
                sums.round,
                sums.slot,
                sums.seenMillis,
                sums.round >= merged - ROUNDS,
                false);
    }
}
