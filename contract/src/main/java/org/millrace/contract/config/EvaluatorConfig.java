package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** The probe set and the probes. */
public record EvaluatorConfig(
        @Setting(value = "4000", doc = "labelled images kept, balanced over the classes")
        int probeCapacity,

        @Setting(value = "1000", doc = "most classes; further labels are left out and said")
        int maxClasses,

        @Setting(value = "200", doc = "neighbours k that vote")
        int neighbours,

        @Setting(value = "0.1", doc = "temperature t of a vote, exp(cosine / t)")
        double neighbourTemperature,

        @Setting(value = "256", doc = "images embedded at a time")
        int batchSize,

        @Setting(
                value = "1000",
                doc =
                        "anchor images, held-out ones of the first score, by which encoders are compared with earlier ones; 0 compares none")
        int anchors,

        @Setting(value = "10", doc = "neighbours k of an anchor image of which the churn counts the new ones")
        int anchorNeighbours) {
    public EvaluatorConfig {
        check(probeCapacity >= 4, "evaluator.probe-capacity must be at least 4, but was %d", probeCapacity);
        check(
                maxClasses >= 2 && maxClasses <= probeCapacity / 2,
                "evaluator.max-classes must be in [2, probe-capacity / 2 (%d)], but was %d",
                probeCapacity / 2,
                maxClasses);
        check(neighbours >= 1, "evaluator.neighbours must be at least 1, but was %d", neighbours);
        check(
                neighbourTemperature > 0,
                "evaluator.neighbour-temperature must be positive, but was %s",
                neighbourTemperature);
        check(
                anchors == 0 || anchors > anchorNeighbours,
                "evaluator.anchors must be 0 or more than evaluator.anchor-neighbours (%d), but was %d",
                anchorNeighbours,
                anchors);
        check(anchorNeighbours >= 1, "evaluator.anchor-neighbours must be at least 1, but was %d", anchorNeighbours);
        check(batchSize >= 1, "evaluator.batch-size must be at least 1, but was %d", batchSize);
    }
}
