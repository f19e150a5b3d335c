package org.millrace.trainer.gate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.StreamConfig;
import org.millrace.contract.event.GateCounts;

/**
 * What one source of one partition has shown, and whether an image of it is new. An image's distance is 1 − the largest cosine to the
 * newest W kept ones; it is kept where that is more than τ. τ is the α-quantile of the same distance between images far apart in time:
 * every fourth image, whatever becomes of it, is measured against W kept ones drawn uniformly from the source's past. So of a source
 * whose images are independent of each other a share α is skipped by construction.
 *
 * <p>A segment is a run of images of which each is nearer to the one before it than to all but a share α of the same sample of the past.
 * Of images that are independent of each other a share α is so near by construction. Not thread safe.
 */
final class SourceMemory {
    private static final int SEEN_BETWEEN_MEASURED = 4;
    /** Kept images after which one belongs to the past. */
    private static final int APART = 64;
    /** Images of the past without which none is measured against it. */
    private static final int LEAST_PAST = 100;

    private final StreamConfig config;
    private final long seed;
    private final int partition;
    private final ThumbnailSet newest = new ThumbnailSet(); // a ring
    private final ThumbnailSet past = new ThumbnailSet();
    private final NullDistances distances = new NullDistances();
    private int next; // place in the ring
    private long seen;
    private long kept;
    private int skippedInARow;
    private Optional<GateContent.Segment> segment = Optional.empty(); // of the last image

    SourceMemory(StreamConfig config, long seed, int partition) {
        this.config = config;
        this.seed = seed;
        this.partition = partition;
    }

    /** Goes on from a content, of which as much is taken as the window holds. */
    SourceMemory(StreamConfig config, long seed, GateContent.Source content) {
        this(config, seed, content.partition());
        seen = content.seen();
        kept = content.kept();
        skippedInARow = content.skippedInARow();
        segment = content.segment();
        int window = config.gateWindow();
        List<byte[]> thumbnails = content.newest();
        thumbnails
                .subList(Math.max(0, thumbnails.size() - window), thumbnails.size())
                .forEach(this::remember);
        content.past().stream().limit(window).forEach(thumbnail -> past.put(past.size(), thumbnail));
        for (float distance : content.distances()) {
            distances.add(distance);
        }
    }

    GateCounts.Source counts() {
        return new GateCounts.Source(seen, seen - kept);
    }

    /**
     * Judges the next image.
     *
     * @param keeps whether it is kept; absent where that depends on what it shows
     * @param segments whether it also belongs to a segment
     */
    Verdict judge(long offset, String source, byte[] thumbnail, Optional<Boolean> keeps, boolean segments) {
        float[] unit = Thumbnail.unit(thumbnail);
        boolean measured = seen % SEEN_BETWEEN_MEASURED == 0 && past.size() >= LEAST_PAST;
        OptionalDouble nullDistance = measured ? OptionalDouble.of(past.distance(unit)) : OptionalDouble.empty();
        boolean kept = keeps.orElseGet(() -> isNew(unit));
        return new Verdict(
                kept,
                nullDistance,
                kept ? sampled() : OptionalInt.empty(),
                segments ? OptionalLong.of(segmentOf(offset, source, unit)) : OptionalLong.empty());
    }

    private boolean isNew(float[] unit) {
        return newest.size() == 0
                || skippedInARow + 1 >= config.gateHeartbeat()
                || newest.distance(unit) > distances.quantile(config.gateQuantile());
    }

    private long segmentOf(long offset, String source, float[] unit) {
        return segment.filter(last -> last.source().equals(source) && isNear(Thumbnail.unit(last.last()), unit))
                .map(GateContent.Segment::first)
                .orElse(offset);
    }

    // a rank test: (1 + images of the past as near to it as the one before) / (1 + images of the past) ≤ α
    private boolean isNear(float[] before, float[] unit) {
        return past.size() >= LEAST_PAST
                && 1 + past.within(Thumbnail.distance(before, unit), unit) <= config.gateQuantile() * (1 + past.size());
    }

    // Vitter's Algorithm R over the kept images that now belong to the past
    private OptionalInt sampled() {
        long offered = kept + 2 - APART; // this image makes one more old enough
        if (newest.size() < APART - 1) {
            return OptionalInt.empty();
        }
        if (past.size() < config.gateWindow()) {
            return OptionalInt.of(past.size());
        }
        long place =
                CounterRandom.of(seed, kept, Purpose.GATE_SAMPLE, partition).nextLong(offered);
        return place < config.gateWindow() ? OptionalInt.of((int) place) : OptionalInt.empty();
    }

    /** Takes the image of a verdict. */
    void apply(String source, byte[] thumbnail, Verdict verdict) {
        seen++;
        if (verdict.segment().isPresent()) {
            segment = Optional.of(
                    new GateContent.Segment(source, verdict.segment().getAsLong(), thumbnail));
        }
        verdict.nullDistance().ifPresent(distance -> distances.add((float) distance));
        if (!verdict.kept()) {
            skippedInARow++;
            return;
        }
        skippedInARow = 0;
        kept++;
        if (thumbnail.length > 0) {
            remember(thumbnail);
            verdict.sampled().ifPresent(place -> past.put(place, newest.get(placeOf(APART))));
        }
    }

    private void remember(byte[] thumbnail) {
        newest.put(next, thumbnail);
        next = (next + 1) % config.gateWindow();
    }

    // where the thumbnail lies that was put in so many puts ago, the newest being 1
    private int placeOf(int age) {
        return Math.floorMod(next - age, config.gateWindow());
    }

    GateContent.Source content(String source) {
        List<byte[]> oldestFirst = new ArrayList<>();
        for (int age = newest.size(); age >= 1; age--) {
            oldestFirst.add(newest.get(placeOf(age)));
        }
        return new GateContent.Source(
                partition, source, seen, kept, skippedInARow, oldestFirst, past.all(), distances.all(), segment);
    }
}
