package org.millrace.trainer.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.contract.event.OffsetRange;

/** The order in which new images come out of the log. Not thread safe. */
interface NewImages {
    /** The next image; empty where it is not fetched yet, or at the end. */
    Optional<LoggedImage> take();

    /** Whether none will follow. */
    boolean isAtEnd();

    /** What has been taken since the batch began, partitions ascending; the next batch begins behind it. */
    List<OffsetRange> ranges();

    /** The oldest of those that are there, of every partition, from where the log stands. */
    static NewImages oldestFirst(ImageLog log, Optional<Map<Integer, Long>> ends) {
        Map<Integer, Long> before = log.nextOffsets();
        return new NewImages() {
            @Override
            public Optional<LoggedImage> take() {
                return log.takeOldest();
            }

            @Override
            public boolean isAtEnd() {
                return ends.isPresent() && log.reached(ends.get());
            }

            @Override
            public List<OffsetRange> ranges() {
                List<OffsetRange> ranges = new ArrayList<>();
                new TreeMap<>(log.nextOffsets()).forEach((partition, to) -> {
                    long from = before.getOrDefault(partition, to);
                    if (to > from) {
                        ranges.add(new OffsetRange(partition, from, to));
                    }
                });
                return ranges;
            }
        };
    }
}
