package org.millrace.bench;

import static org.millrace.bench.DriftDetection.BATCH;
import static org.millrace.bench.DriftDetection.EXPECTED_RUN;
import static org.millrace.bench.DriftDetection.REFERENCE;
import static org.millrace.bench.DriftDetection.say;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.drift.detector.ReferenceDetectors;
import org.millrace.numerics.FeatureMatrix;

/** Which part of a change of the embeddings is ascribed to the images, and which to another encoder. */
final class DriftAttribution {
    private final Embedder frozen;
    private final Embedder later;

    /** @param frozen the earlier encoder */
    DriftAttribution(Embedder frozen, Embedder later) {
        this.frozen = frozen;
        this.later = later;
    }

    void run(List<byte[]> images, List<byte[]> other) {
        List<byte[]> sample = new ArrayList<>(images);
        Collections.shuffle(sample, new Random(1));
        List<byte[]> reference = sample.subList(0, REFERENCE);
        List<byte[]> rest = sample.subList(REFERENCE, 20_000);
        var detectors = new ReferenceDetectors(embed(frozen, reference), EXPECTED_RUN, 1);
        attribute("nothing changed", detectors, reference, rest, frozen);
        attribute("another encoder", detectors, reference, rest, later);
        for (double sigma : new double[] {0.5, 0.7, 1, 2}) {
            List<byte[]> blurred = rest.stream()
                    .map(image -> ImageShifts.blurred(image, sigma))
                    .toList();
            attribute("blur of " + sigma, detectors, reference, blurred, frozen);
            attribute("another encoder and blur of " + sigma, detectors, reference, blurred, later);
        }
        attribute("Fashion-MNIST", detectors, reference, other, frozen);
        attribute("another encoder and Fashion-MNIST", detectors, reference, other, later);
    }

    // in windows of 256 and of 1,024, and of all images at once
    private void attribute(
            String name, ReferenceDetectors detectors, List<byte[]> reference, List<byte[]> changed, Embedder present) {
        FeatureMatrix before = embed(frozen, changed);
        FeatureMatrix now = embed(present, changed);
        for (int size : new int[] {BATCH, 4 * BATCH}) {
            say(
                    "attribution, %s: %s %% to the images in windows of %d",
                    name, shares(detectors, before, now, size), size);
        }
        ReferenceDetectors.Distances whole = ReferenceDetectors.distances(embed(frozen, reference), before, now);
        say(
                "attribution, %s: of all %,d at once %.1f %% (%.3f and %.3f)",
                name,
                changed.size(),
                100 * whole.ofImages() / (whole.ofImages() + whole.ofEncoder()),
                whole.ofImages(),
                whole.ofEncoder());
    }

    // of at most ten windows
    private static List<String> shares(
            ReferenceDetectors detectors, FeatureMatrix before, FeatureMatrix now, int size) {
        return IntStream.range(0, Math.min(10, before.rows() / size))
                .mapToObj(window -> {
                    int[] chosen =
                            IntStream.range(window * size, (window + 1) * size).toArray();
                    boolean changed = detectors.test(before.select(chosen), window, OptionalDouble.empty()).stream()
                            .anyMatch(Detection::alarm);
                    return detectors
                            .attribution(before.select(chosen), now.select(chosen), 1, changed)
                            .map(found -> String.format(Locale.ROOT, "%.1f", 100 * found.imageShare()))
                            .orElse("none");
                })
                .toList();
    }

    private static FeatureMatrix embed(Embedder embedder, List<byte[]> files) {
        return embedder.features(files, BATCH, done -> true);
    }
}
