package org.millrace.server.dashboard;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.kafka.common.TopicPartition;

/** The end offsets of the topic of images over the last seconds, and the run's position before them. Not thread safe. */
final class StreamView {
    private static final long SPAN_MILLIS = 15_000;
    private static final long TRAINING_MILLIS = 30_000;

    private final String topic;
    private final Deque<Ends> seen = new ArrayDeque<>();

    private record Ends(
            long atMillis, Map<TopicPartition, Long> beginnings, Map<TopicPartition, Long> ends, long total) {}

    StreamView(String topic) {
        this.topic = topic;
    }

    void add(long nowMillis, Map<TopicPartition, Long> beginnings, Map<TopicPartition, Long> ends) {
        long total = ends.values().stream().mapToLong(Long::longValue).sum();
        if (!seen.isEmpty() && total < seen.getLast().total()) {
            seen.clear(); // the topic was recreated
        }
        seen.add(new Ends(nowMillis, Map.copyOf(beginnings), Map.copyOf(ends), total));
        while (seen.size() > 2 && seen.getFirst().atMillis() < nowMillis - SPAN_MILLIS) {
            seen.remove();
        }
    }

    Sections.Stream section(RunView run, long nowMillis) {
        OptionalDouble training = run.imagesPerSecond(nowMillis - TRAINING_MILLIS);
        if (seen.isEmpty()) {
            return new Sections.Stream(
                    topic, 0, Optional.empty(), Optional.empty(), OptionalDouble.empty(), rounded(training));
        }
        Ends last = seen.getLast();
        long stored = 0;
        long lag = run.left();
        for (Map.Entry<TopicPartition, Long> end : last.ends().entrySet()) {
            long beginning = last.beginnings().getOrDefault(end.getKey(), 0L);
            stored += end.getValue() - beginning;
            lag += Math.max(0, end.getValue() - run.trainedTo(end.getKey().partition(), beginning));
        }
        long millis = last.atMillis() - seen.getFirst().atMillis();
        OptionalDouble arriving = millis <= 0
                ? OptionalDouble.empty()
                : OptionalDouble.of((last.total() - seen.getFirst().total()) * 1_000.0 / millis);
        return new Sections.Stream(
                topic, last.ends().size(), Optional.of(stored), Optional.of(lag), rounded(arriving), rounded(training));
    }

    // tenths of an image are noise, and would be a change each time
    private static OptionalDouble rounded(OptionalDouble rate) {
        return rate.isEmpty() ? rate : OptionalDouble.of(Math.round(rate.getAsDouble() * 10) / 10.0);
    }
}
