package org.millrace.trainer.stream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.ViewsConfig;

/**
 * What the second views of a step's new images are made from ({@code views.temporal=auto}): of half of them, another frame of the same
 * source and segment, at most {@code views.temporal-window} frames of that source before or after it. It is drawn evenly from the frames
 * that the step itself reads, kept or skipped. So it is a function of the plan's ranges, and nothing is carried from step to step. Not
 * thread safe.
 */
final class OtherFrames {
    private static final double SHARE = 0.5;
    /** Sources of a partition whose frames are held, those seen last; the gate remembers fewer. */
    private static final int MOST_SOURCES = 64;

    private final boolean off;
    private final int window;
    private final long seed;
    /** Frames of the segment under way, oldest first, by partition and source; each partition by itself, as they are read in any order. */
    private final Map<Integer, Map<String, Deque<Frame>>> newest = new HashMap<>();

    private final Map<ImageOffset, Draw> draws = new HashMap<>();

    /** @param draw of an image that another frame is drawn for */
    private record Frame(DecodedImage image, Optional<Draw> draw) {}

    OtherFrames(MillraceConfig config) {
        this.off = config.views().temporal() == ViewsConfig.Temporal.OFF;
        this.window = config.views().temporalWindow();
        this.seed = config.run().seed();
    }

    /** Begins a step: it draws from no frame of the one before. */
    void begin() {
        newest.clear();
        draws.clear();
    }

    /** Takes the next image of a partition, which has been judged. */
    void add(DecodedImage image, boolean kept) {
        LoggedImage logged = image.image();
        if (off || logged.segment().isEmpty()) {
            return;
        }
        Deque<Frame> before = framesOf(logged.at().partition(), logged.source());
        if (!before.isEmpty() && !before.getLast().image().image().segment().equals(logged.segment())) {
            before.clear();
        }
        Frame frame = new Frame(image.withoutPixels(), kept ? draw(logged.at()) : Optional.empty());
        for (Frame earlier : before) {
            earlier.draw().ifPresent(draw -> draw.offer(frame.image()));
            frame.draw().ifPresent(draw -> draw.offer(earlier.image()));
        }
        before.addLast(frame);
        if (before.size() > window) {
            before.removeFirst();
        }
    }

    private Deque<Frame> framesOf(int partition, String source) {
        Map<String, Deque<Frame>> sources =
                newest.computeIfAbsent(partition, missing -> new LinkedHashMap<>(16, 0.75f, true)); // by last use
        Deque<Frame> frames = sources.computeIfAbsent(source, missing -> new ArrayDeque<>());
        if (sources.size() > MOST_SOURCES) {
            Iterator<String> oldest = sources.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        return frames;
    }

    /** The frame drawn for a kept image, once the whole step has been read; empty where its second view is made from itself. */
    Optional<DecodedImage> of(ImageOffset kept) {
        return Optional.ofNullable(draws.get(kept)).flatMap(draw -> Optional.ofNullable(draw.chosen));
    }

    private Optional<Draw> draw(ImageOffset at) {
        CounterRandom random = CounterRandom.of(seed, at.offset(), Purpose.OTHER_FRAME, at.partition());
        if (random.nextDouble() >= SHARE) {
            return Optional.empty();
        }
        Draw draw = new Draw(random);
        draws.put(at, draw);
        return Optional.of(draw);
    }

    /** Draws one of the frames that are offered, each with the same probability. */
    private static final class Draw {
        private final CounterRandom random;
        private int offered;
        private @Nullable DecodedImage chosen;

        Draw(CounterRandom random) {
            this.random = random;
        }

        void offer(DecodedImage frame) {
            offered++;
            chosen = random.nextInt(offered) == 0 ? frame : chosen;
        }
    }
}
