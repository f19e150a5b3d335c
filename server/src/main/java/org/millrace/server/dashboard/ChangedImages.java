package org.millrace.server.dashboard;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.server.dashboard.Appearance.Change;
import org.millrace.server.dashboard.Appearance.Trait;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An alarm in pictures: images of the reference beside images of the drifting window, both sorted by the trait that changed most.
 *
 * @param problem why there are no pictures, or blank
 * @param changes one per trait, the largest first
 * @param before eight images of the reference, as PNG in data URIs
 * @param now eight of the window
 * @param leftOut images that are too large to be decoded here
 */
record ChangedImages(String problem, List<Change> changes, List<String> before, List<String> now, int leftOut) {
    private static final Logger log = LoggerFactory.getLogger(ChangedImages.class);
    private static final int SHOWN = 8;
    /** Images measured on each side. */
    static final int MEASURED = 32;

    static ChangedImages none(String problem) {
        return new ChangedImages(problem, List.of(), List.of(), List.of(), 0);
    }

    /** @param newDecoding bounded by so much work */
    static ChangedImages of(
            List<StoredImage> reference, List<StoredImage> window, LongFunction<BoundedDecoding> newDecoding) {
        BoundedDecoding ofReference = newDecoding.apply(BoundedDecoding.FEW);
        BoundedDecoding ofWindow = newDecoding.apply(BoundedDecoding.FEW);
        List<Seen> before = seen(reference, ofReference);
        List<Seen> now = seen(window, ofWindow);
        if (before.isEmpty() || now.isEmpty()) {
            int leftOut = (before.isEmpty() ? ofReference : ofWindow).leftOut();
            return none((before.isEmpty() ? "the images of the reference" : "the images of that window")
                    + (leftOut > 0 ? " are too large to decode here" : " are no longer in the log"));
        }
        List<Change> changes = Arrays.stream(Trait.values())
                .map(trait -> Change.of(trait, appearances(before), appearances(now)))
                .sorted(Comparator.comparingDouble((Change change) -> Math.abs(change.deviations()))
                        .reversed())
                .toList();
        Trait most = changes.get(0).trait();
        return new ChangedImages(
                "", changes, pictures(before, most), pictures(now, most), ofReference.leftOut() + ofWindow.leftOut());
    }

    private record Seen(Appearance appearance, Pixels pixels) {}

    private static List<Seen> seen(List<StoredImage> images, BoundedDecoding decoding) {
        List<Seen> seen = new ArrayList<>();
        for (StoredImage image : images) {
            try {
                decoding.decode(image.file()).ifPresent(pixels -> seen.add(new Seen(Appearance.of(pixels), pixels)));
            } catch (UndecodableImageException e) {
                log.debug("{} is skipped", image.name(), e); // the page lists it among the rejects
            }
        }
        return seen;
    }

    private static List<Appearance> appearances(List<Seen> images) {
        return images.stream().map(Seen::appearance).toList();
    }

    /** Pictures evenly spaced from the least to the most of a trait. */
    private static List<String> pictures(List<Seen> images, Trait trait) {
        List<Seen> sorted = images.stream()
                .sorted(Comparator.comparingDouble(image -> trait.of(image.appearance())))
                .toList();
        int shown = Math.min(SHOWN, sorted.size());
        List<String> pictures = new ArrayList<>();
        for (int i = 0; i < shown; i++) {
            int at = shown == 1 ? 0 : (int) Math.round(i * (sorted.size() - 1.0) / (shown - 1));
            pictures.add(Png.dataUri(Png.of(sorted.get(at).pixels())));
        }
        return pictures;
    }
}
