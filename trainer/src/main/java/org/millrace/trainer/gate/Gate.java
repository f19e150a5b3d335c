package org.millrace.trainer.gate;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.StreamConfig;
import org.millrace.contract.config.ViewsConfig;
import org.millrace.contract.event.GateCounts;

/**
 * Decides which images of the stream are trained on ({@code stream.gate}), and which of them follow each other in one segment, where
 * {@code views.temporal} or {@code moco.mask-segment} needs to know. Each partition is judged by itself, in the order of its
 * offsets: the verdict on an image is a function of the configuration and the images before it in its partition, however partitions
 * interleave. Not thread safe.
 */
public final class Gate {
    /** Sources of a partition with a memory of their own. */
    private static final int MOST_SOURCES = 32;
    /** Whose memory the others share. */
    private static final String OTHERS = "(others)";

    private final StreamConfig config;
    private final long seed;
    private final boolean segments;
    private final Map<Place, SourceMemory> memories = new TreeMap<>();

    private record Place(int partition, String source) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            int byPartition = Integer.compare(partition, other.partition);
            return byPartition == 0 ? source.compareTo(other.source) : byPartition;
        }
    }

    /** A gate that has seen nothing. */
    public Gate(MillraceConfig config) {
        this.config = config.stream();
        this.seed = config.run().seed();
        this.segments = config.views().temporal() == ViewsConfig.Temporal.AUTO
                || config.moco().maskSegment();
    }

    /** Whether all images pass and nothing is remembered of them. */
    public boolean isOpen() {
        return config.gate() == StreamConfig.Gate.NONE && !segments;
    }

    /** Whether images are judged by their thumbnails. */
    public boolean looks() {
        return config.gate() == StreamConfig.Gate.NOVELTY || segments;
    }

    /**
     * Judges the next image of a partition and remembers it.
     *
     * @param open whether every image is kept, whatever it shows
     */
    public Judged judge(ImageOffset at, String source, Optional<byte[]> thumbnail, boolean open) {
        SourceMemory memory = memory(at.partition(), source);
        Optional<Boolean> keeps = open
                ? Optional.of(true)
                : switch (config.gate()) {
                    case NONE -> Optional.of(true);
                    case UNIFORM -> Optional.of(drawn(at));
                    case NOVELTY -> Optional.empty();
                };
        Verdict verdict = thumbnail
                .map(shown -> memory.judge(at.offset(), source, shown, keeps, segments))
                .orElseGet(() -> Verdict.unseen(keeps.orElseThrow()));
        byte[] seen = thumbnail.orElse(new byte[0]);
        memory.apply(source, seen, verdict);
        return new Judged(at.partition(), source, seen, verdict);
    }

    private boolean drawn(ImageOffset at) {
        double drawn = CounterRandom.of(seed, at.offset(), Purpose.GATE_SHARE, at.partition())
                .nextDouble();
        return drawn < config.gateShare();
    }

    /** Follows the gate that judged these images. */
    public void apply(List<Judged> images) {
        for (Judged image : images) {
            memory(image.partition(), image.source()).apply(image.source(), image.thumbnail(), image.verdict());
        }
    }

    private SourceMemory memory(int partition, String source) {
        Place own = new Place(partition, source);
        SourceMemory known = memories.get(own);
        if (known != null) {
            return known;
        }
        long sources = memories.keySet().stream()
                .filter(place -> place.partition() == partition)
                .count();
        Place place = sources < MOST_SOURCES ? own : new Place(partition, OTHERS);
        return memories.computeIfAbsent(place, missing -> new SourceMemory(config, seed, partition));
    }

    /** What was seen and skipped so far; empty where nothing is skipped. */
    public Optional<GateCounts> counts() {
        if (config.gate() == StreamConfig.Gate.NONE) {
            return Optional.empty();
        }
        Map<String, GateCounts.Source> all = new TreeMap<>();
        memories.forEach((place, memory) -> all.merge(place.source(), memory.counts(), GateCounts.Source::plus));
        GateCounts.Source sum = all.values().stream().reduce(new GateCounts.Source(0, 0), GateCounts.Source::plus);
        Map<String, GateCounts.Source> named = new TreeMap<>();
        all.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, GateCounts.Source> source) ->
                                source.getValue().seen())
                        .reversed())
                .forEach(source -> named.merge(
                        named.size() < MOST_SOURCES ? source.getKey() : OTHERS,
                        source.getValue(),
                        GateCounts.Source::plus));
        return Optional.of(new GateCounts(sum.seen(), sum.skipped(), named));
    }

    /** All that {@link #restore} needs. */
    public GateContent content() {
        return new GateContent(memories.entrySet().stream()
                .map(memory -> memory.getValue().content(memory.getKey().source()))
                .toList());
    }

    /** Replaces what it remembers by that of another time. */
    public void restore(GateContent content) {
        memories.clear();
        for (GateContent.Source source : content.sources()) {
            memories.put(new Place(source.partition(), source.source()), new SourceMemory(config, seed, source));
        }
    }
}
