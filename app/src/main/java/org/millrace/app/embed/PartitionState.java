package org.millrace.app.embed;

import static org.millrace.contract.Check.check;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is known of a partition of images beside the offset up to which it is embedded: it travels as the metadata of that offset, so that
 * the two change in one transaction and go with the partition to another worker.
 *
 * @param encoder version that embedded its newest images; absent where none has
 * @param backfill images before the offset that are being embedded again
 */
record PartitionState(OptionalLong encoder, Optional<Backfill> backfill) {
    static final PartitionState NEW = new PartitionState(OptionalLong.empty(), Optional.empty());

    private static final Pattern FORM =
            Pattern.compile("encoder=(\\d{1,18})(?: backfill=(\\d{1,18}):(\\d{1,18})-(\\d{1,18}))?");

    /**
     * Images to embed again.
     *
     * @param from first offset of all, for progress
     * @param next first offset left to do
     * @param end offset behind the last
     */
    record Backfill(long from, long next, long end) {
        Backfill {
            check(0 <= from && from <= next && next <= end, "a backfill cannot be at %d of %d to %d", next, from, end);
        }

        boolean isDone() {
            return next == end;
        }
    }

    /** How much of a partition is embedded again when its encoder changes. */
    @FunctionalInterface
    interface Depth {
        /** @param end offset behind the last image by the former encoder */
        long from(long end);
    }

    /** The state once images from {@code position} on are embedded by that encoder. */
    PartitionState by(long version, long position, Optional<Depth> depth) {
        if (encoder.isEmpty() || encoder.getAsLong() == version) {
            return new PartitionState(OptionalLong.of(version), backfill);
        }
        long from = depth.map(known -> Math.min(known.from(position), position)).orElse(position);
        return new PartitionState(
                OptionalLong.of(version),
                from == position ? Optional.empty() : Optional.of(new Backfill(from, from, position)));
    }

    /** The state once the backfill has come to an offset. */
    PartitionState backfilledTo(long next) {
        Backfill known = backfill.orElseThrow();
        Backfill moved = new Backfill(known.from(), Math.min(next, known.end()), known.end());
        return new PartitionState(encoder, moved.isDone() ? Optional.empty() : Optional.of(moved));
    }

    /** As metadata; empty for a new partition. */
    String text() {
        if (encoder.isEmpty()) {
            return "";
        }
        return "encoder=" + encoder.getAsLong()
                + backfill.map(known -> " backfill=" + known.from() + ":" + known.next() + "-" + known.end())
                        .orElse("");
    }

    /** Reads what {@link #text} wrote; anything else is a new partition's. */
    static PartitionState of(String metadata) {
        Matcher matcher = FORM.matcher(metadata);
        if (!matcher.matches()) {
            return NEW;
        }
        OptionalLong version = OptionalLong.of(Long.parseLong(matcher.group(1)));
        if (matcher.group(2) == null) {
            return new PartitionState(version, Optional.empty());
        }
        try {
            return new PartitionState(
                    version,
                    Optional.of(new Backfill(
                            Long.parseLong(matcher.group(2)),
                            Long.parseLong(matcher.group(3)),
                            Long.parseLong(matcher.group(4)))));
        } catch (IllegalArgumentException e) {
            return new PartitionState(version, Optional.empty());
        }
    }
}
