package org.millrace.app.run;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepDone;

/** Totals over the steps of this process. Thread safe. */
public final class RunStatistics {
    /** Number of steps averaged for the first and the last loss. */
    public static final int LOSS_STEPS = 20;

    private static final int RECENT = 50;
    private static final double NANOS = 1e9;

    private final int batchSize;
    private final List<StepDone> first = new ArrayList<>();
    private final Deque<StepDone> last = new ArrayDeque<>();
    private final Map<String, List<Double>> stages = new LinkedHashMap<>();
    private final Deque<Long> recentNanos = new ArrayDeque<>();
    private final List<Double> losses = new ArrayList<>();
    private long firstNanos;
    private long lastNanos;

    public RunStatistics(int batchSize) {
        this.batchSize = batchSize;
        for (Stage stage : Stage.values()) {
            stages.put(stage.key(), new ArrayList<>());
        }
    }

    public synchronized void add(StepDone done, long nanoTime) {
        if (losses.isEmpty()) {
            firstNanos = nanoTime;
        }
        lastNanos = nanoTime;
        losses.add(done.loss());
        if (first.size() < LOSS_STEPS) {
            first.add(done);
        }
        last.add(done);
        if (last.size() > LOSS_STEPS) {
            last.remove();
        }
        recentNanos.add(nanoTime);
        if (recentNanos.size() > RECENT) {
            recentNanos.remove();
        }
        stages.forEach((stage, times) -> times.add(done.stageMillis().getOrDefault(stage, 0.0)));
    }

    public int batchSize() {
        return batchSize;
    }

    /** Steps computed by this process. */
    public synchronized int steps() {
        return losses.size();
    }

    /** Images per second from the end of the first step to the end of the last; 0 before two steps. */
    public synchronized double imagesPerSecond() {
        return rate(losses.size(), firstNanos, lastNanos);
    }

    /** Images per second over the last few steps; 0 before two steps. */
    public synchronized double recentImagesPerSecond() {
        return recentNanos.isEmpty() ? 0 : rate(recentNanos.size(), recentNanos.getFirst(), recentNanos.getLast());
    }

    public synchronized double firstLoss() {
        return mean(first);
    }

    public synchronized double lastLoss() {
        return mean(List.copyOf(last));
    }

    /** The loss of every step, in order. */
    public synchronized List<Double> losses() {
        return List.copyOf(losses);
    }

    /** Median time of each stage of a step, in milliseconds, in the order in which they run. */
    public synchronized Map<String, Double> stageMillis() {
        Map<String, Double> medians = new LinkedHashMap<>();
        stages.forEach((stage, times) -> {
            if (!times.isEmpty()) {
                List<Double> sorted = new ArrayList<>(times);
                Collections.sort(sorted);
                medians.put(stage, sorted.get(sorted.size() / 2));
            }
        });
        return medians;
    }

    private double rate(int steps, long from, long to) {
        return steps < 2 || to == from ? 0 : (steps - 1) * (double) batchSize * NANOS / (to - from);
    }

    private static double mean(List<StepDone> steps) {
        return steps.stream().mapToDouble(StepDone::loss).average().orElse(Double.NaN);
    }
}
