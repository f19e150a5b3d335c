package org.millrace.bench;

import static org.millrace.bench.DriftDetection.REFERENCE;
import static org.millrace.bench.DriftDetection.ints;
import static org.millrace.bench.DriftDetection.say;
import static org.millrace.bench.DriftDetection.shuffled;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.evaluator.drift.detector.ReferenceDetectors;
import org.millrace.numerics.FeatureMatrix;

/** Alarms in 1,000 windows without drift, for a reference of each seed. */
final class FalseAlarms {
    private FalseAlarms() {}

    /**
     * Prints the intervals between alarms.
     *
     * @param size images of a window
     * @param expected windows between alarms that the detectors are set to
     */
    static void count(FeatureMatrix features, int size, double expected, int seeds) {
        List<String> intervals = new ArrayList<>();
        int all = 0;
        TreeMap<String, Integer> by = new TreeMap<>();
        for (int seed = 1; seed <= seeds; seed++) {
            Random random = new Random(seed);
            List<Integer> order =
                    shuffled(IntStream.range(0, features.rows()).boxed().toList(), random);
            var detectors = new ReferenceDetectors(features.select(ints(order.subList(0, REFERENCE))), expected, seed);
            List<Integer> rest = new ArrayList<>(order.subList(REFERENCE, order.size()));
            int alarms = 0;
            double sum = 0;
            int at = rest.size();
            for (int window = 0; window < 1_000; window++) {
                if (at + size > rest.size()) {
                    Collections.shuffle(rest, random);
                    at = 0;
                }
                List<Detection> found = detectors.test(
                        features.select(ints(rest.subList(at, at + size))), window, OptionalDouble.of(sum));
                at += size;
                sum = found.get(found.size() - 1).score();
                alarms += found.stream().anyMatch(Detection::alarm) ? 1 : 0;
                found.stream().filter(Detection::alarm).forEach(d -> by.merge(d.name(), 1, Integer::sum));
            }
            all += alarms;
            intervals.add(String.format(Locale.ROOT, "%.1f", 1_000.0 / alarms));
        }
        say(
                "no drift, windows of %d, asked %.0f: one alarm in %s windows, together %.1f (ratio %.2f); by detector %s",
                size, expected, intervals, 1_000.0 * seeds / all, 1_000.0 * seeds / all / expected, by);
    }
}
