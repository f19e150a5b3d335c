package org.millrace.trainer.gate;

import java.util.List;
import java.util.Optional;

/** What a gate remembers at one moment; enough to go on from there the same. */
public record GateContent(List<Source> sources) {
    public static final GateContent EMPTY = new GateContent(List.of());

    public GateContent {
        sources = List.copyOf(sources);
    }

    /**
     * What one source of a partition has shown. Nobody changes the arrays.
     *
     * @param seen images so far
     * @param kept of these
     * @param skippedInARow up to the last image
     * @param newest thumbnails of the newest kept images, oldest first
     * @param past thumbnails of older ones, by place
     * @param distances between images far apart in time, oldest first
     * @param segment of the last image, where segments are looked for
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Source(
            int partition,
            String source,
            long seen,
            long kept,
            int skippedInARow,
            List<byte[]> newest,
            List<byte[]> past,
            float[] distances,
            Optional<Segment> segment) {
        public Source {
            newest = List.copyOf(newest);
            past = List.copyOf(past);
        }
    }

    /**
     * Images of one source in a row, each like the one before it. Nobody changes the array.
     *
     * @param source of its images
     * @param first offset of its first image
     * @param last thumbnail of its last image
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Segment(String source, long first, byte[] last) {}
}
