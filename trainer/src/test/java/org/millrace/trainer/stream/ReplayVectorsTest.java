package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ReplayConfig.Policy;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.keystore.image.FileKey;

/** The replay buffer against the reference vectors of its policies. */
final class ReplayVectorsTest {
    @Test
    void offer_minRed_referenceVector_sameEvictionsAndFeatures() {
        ReferenceVector vector = ReferenceVector.load("minred_batch");
        JsonNode expected = vector.root().path("expected");
        int capacity = (int) vector.number("capacity");
        int arrivals = (int) vector.number("arrivals_per_step");
        int steps = vector.size("train_ids", 0);
        ReplayBuffer buffer = new ReplayBuffer(TestReplay.config(Policy.MIN_RED, capacity, vector.number("gamma")), 1);
        List<Long> ids = new ArrayList<>();
        int step = 0;
        for (int next = 0; next < vector.number("n_total"); next += arrivals) {
            buffer.begin(step + 1);
            long seen = seen(buffer);
            List<Long> evicted = follow(ids, buffer.offer(images(next, arrivals), new GivenDraw(0, 0)));
            assertThat(offsets(buffer)).isEqualTo(ids);
            if (ids.size() < capacity) {
                continue; // neither trained nor recorded
            }
            int count = evicted.size();
            evicted.addAll(Collections.nCopies(arrivals - count, -1L));
            assertThat(evicted).isEqualTo(integers(expected, "evicted_ids_per_step", step, arrivals));
            MinRed.Rule rule = MinRed.rule(count, seen);
            assertThat(number(rule))
                    .isEqualTo(integers(expected, "eviction_rule_per_step", step, 1)
                            .get(0));
            assertThat(ids).isEqualTo(integers(expected, "buffer_ids_per_step", step, capacity));
            step++;
            buffer.trained(TestReplay.trained(trained(vector, step)));
        }
        assertThat(step).isEqualTo(steps);
        buffer.begin(step + 1);
        List<ReplayContent.Kept> kept = buffer.content().images();
        List<Long> seen = integers(expected, "final_seen", 0, capacity);
        int dimension = vector.size("z1", 2);
        for (int slot = 0; slot < capacity; slot++) {
            assertThat(kept.get(slot).feature().isPresent()).isEqualTo(seen.get(slot) == 1);
            vector.checkAt(
                    "final_features", slot * dimension, kept.get(slot).feature().orElse(new float[dimension]));
        }
        // an image's life: the offers since its own, which its number tells
        long offers = buffer.offered() / arrivals;
        assertThat(offsets(buffer).stream().map(id -> offers - id / arrivals).toList())
                .isEqualTo(integers(expected, "final_lifespan", 0, capacity));
    }

    @Test
    void offer_reservoir_referenceVectorsDraws_sameContents() {
        ReferenceVector vector = ReferenceVector.load("reservoir_sampling");
        JsonNode expected = vector.root().path("expected");
        int k = (int) vector.number("k");
        int n = (int) vector.number("n");
        JsonNode draws = vector.root().path("inputs").path("draws").path("data");
        ReplayBuffer buffer = new ReplayBuffer(TestReplay.config(Policy.RESERVOIR, k, 0.5), 1);
        buffer.offer(images(0, k), new GivenDraw(0, 0));
        int replacements = 0;
        for (int i = k; i < n; i++) {
            int step = i - k;
            replacements += buffer.offer(
                            images(i, 1), new GivenDraw(draws.path(step).asLong(), i + 1))
                    .size();
            assertThat(offsets(buffer))
                    .as("after arrival %d", i)
                    .isEqualTo(integers(expected, "contents_after_each_arrival_past_k", step, k));
        }
        assertThat(replacements).isEqualTo(expected.path("replacements").asInt());
    }

    // bounds on frequencies are 5 standard deviations of 20,000 runs
    @Test
    void offer_reservoir_manyRuns_referenceDistribution() {
        ReferenceVector vector = ReferenceVector.load("reservoir_sampling");
        JsonNode expected = vector.root().path("expected");
        int k = (int) vector.number("k");
        int n = (int) vector.number("n");
        int runs = 20_000;
        System.out.println("seeds 0 to " + (runs - 1));
        int[] kept = new int[n];
        int[][] pairs = new int[n][n];
        int lastAccepted = 0;
        double[] replacements = new double[runs];
        for (int run = 0; run < runs; run++) {
            ReplayBuffer buffer = new ReplayBuffer(TestReplay.config(Policy.RESERVOIR, k, 0.5), 1);
            RandomGenerator random = CounterRandom.of(run, 1, Purpose.BUFFER_INSERT, 0);
            replacements[run] = buffer.offer(images(0, n - 1), random).size() - k;
            int last = buffer.offer(images(n - 1, 1), random).size();
            lastAccepted += last;
            replacements[run] += last;
            for (long id : offsets(buffer)) {
                kept[(int) id]++;
                offsets(buffer).forEach(other -> pairs[(int) id][other.intValue()]++);
            }
        }
        double mean = (double) runs * k / n;
        double chiSquare = 0;
        for (int count : kept) {
            chiSquare += (count - mean) * (count - mean) / (mean * (1 - (double) k / n)) * (n - 1) / n;
        }
        assertThat(expected.path("chi2_df").asInt()).isEqualTo(n - 1);
        assertThat(chiSquare).isLessThan(expected.path("chi2_critical_p1e4").asDouble());
        for (int i = 0; i < n; i++) {
            assertFrequency(expected, "inclusion_probability", kept[i], runs);
            for (int j = 0; j < i; j++) {
                assertFrequency(expected, "pair_inclusion_probability", pairs[i][j], runs);
            }
        }
        assertFrequency(expected, "accept_probability_of_last_arrival", lastAccepted, runs);
        double expectedMean = expected.path("expected_replacements").asDouble();
        double variance = expected.path("variance_replacements").asDouble();
        double average = Arrays.stream(replacements).average().orElseThrow();
        assertThat(average).isCloseTo(expectedMean, within(5 * Math.sqrt(variance / runs)));
        double spread = Arrays.stream(replacements)
                .map(value -> (value - expectedMean) * (value - expectedMean))
                .average()
                .orElseThrow();
        // a sum of independent 0/1 variables is no heavier-tailed than normal: the square deviates by √2 variances
        assertThat(spread).isCloseTo(variance, within(5 * variance * Math.sqrt(2.0 / runs)));
    }

    /** The reference's number of a rule. */
    private static long number(MinRed.Rule rule) {
        return switch (rule) {
            case NONE -> 0;
            case OLDEST -> 1;
            case MOST_REDUNDANT -> 2;
        };
    }

    private static void assertFrequency(JsonNode expected, String name, int count, int runs) {
        double probability = expected.path(name).asDouble();
        assertThat((double) count / runs)
                .as(name)
                .isCloseTo(probability, within(5 * Math.sqrt(probability * (1 - probability) / runs)));
    }

    /** A generator whose one draw below a bound is given. */
    private record GivenDraw(long value, long wantedBound) implements RandomGenerator {
        @Override
        public long nextLong(long bound) {
            assertThat(bound).isEqualTo(wantedBound);
            return value;
        }

        @Override
        public long nextLong() {
            throw new AssertionError("only draws below a bound are given");
        }
    }

    /** Applies changes to a list of ids; returns those that went. */
    private static List<Long> follow(List<Long> ids, List<ReplayBuffer.Change> changes) {
        List<Long> gone = new ArrayList<>();
        for (ReplayBuffer.Change change : changes) {
            Optional<Long> id = change.image().map(image -> image.at().offset());
            if (id.isPresent()) {
                ids.add(change.slot(), id.get());
            } else {
                gone.add(ids.remove(change.slot()));
            }
        }
        return gone;
    }

    private static TrainedImages trained(ReferenceVector vector, int step) {
        int count = vector.size("train_ids", 1);
        int dimension = vector.size("z1", 2);
        int from = (step - 1) * count * dimension;
        int to = step * count * dimension;
        List<ImageOffset> images = integers(vector.root().path("inputs"), "train_ids", step - 1, count).stream()
                .map(id -> new ImageOffset(0, id))
                .toList();
        return new TrainedImages(
                step,
                images,
                TestFeatures.ofViews(
                        Arrays.copyOfRange(vector.floats("z1"), from, to),
                        Arrays.copyOfRange(vector.floats("z2"), from, to),
                        dimension));
    }

    private static List<Long> integers(JsonNode tensors, String name, int row, int width) {
        JsonNode data = tensors.path(name).path("data");
        return IntStream.range(row * width, (row + 1) * width)
                .mapToObj(i -> data.path(i).asLong())
                .toList();
    }

    private static long seen(ReplayBuffer buffer) {
        return buffer.content().images().stream()
                .filter(kept -> kept.feature().isPresent())
                .count();
    }

    private static List<Long> offsets(ReplayBuffer buffer) {
        return buffer.content().images().stream()
                .map(kept -> kept.image().at().offset())
                .toList();
    }

    private static List<StoredImage> images(int first, int count) {
        return IntStream.range(first, first + count)
                .mapToObj(i -> new StoredImage(new FileKey(new ImageOffset(0, i), 0, 0), i, Optional.empty(), ""))
                .toList();
    }
}
