package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.vector.ReferenceVector;

final class RedundancyTest {
    @Test
    void mostRedundant_referenceVector_sameEvictionsAndDistances() {
        ReferenceVector vector = ReferenceVector.load("minred_stream");
        int dimension = vector.size("features", 1);
        int capacity = (int) vector.number("capacity");
        float[] raw = vector.floats("features");
        float[] features = TestFeatures.ofViews(raw, new float[raw.length], dimension); // norm(z + 0)
        JsonNode expected = vector.root().path("expected");
        JsonNode evicted = expected.path("evicted_id_per_step").path("data");
        JsonNode held = expected.path("buffer_ids_after_each_step").path("data");
        Redundancy redundancy = new Redundancy();
        NavigableMap<Long, float[]> buffer = new TreeMap<>();
        for (int step = 0; step < vector.size("features", 0); step++) {
            float[] feature = Arrays.copyOfRange(features, step * dimension, (step + 1) * dimension);
            redundancy.put(step, feature);
            buffer.put((long) step, feature);
            long gone = -1;
            float smallest = -1;
            float gap = -1;
            if (buffer.size() > capacity) {
                List<Float> distances = distances(buffer);
                gap = distances.get(1) - distances.get(0);
                smallest = distances.get(0);
                gone = redundancy.mostRedundant();
                redundancy.remove(gone);
                buffer.remove(gone);
            }
            assertThat(gone).as("step %d", step).isEqualTo(evicted.path(step).asLong());
            vector.checkAt("min_pair_cosine_distance", step, smallest);
            vector.checkAt("gap_to_second_closest_pair", step, gap);
            assertThat(redundancy.size()).isEqualTo(buffer.size());
            List<Long> ids = new ArrayList<>(buffer.keySet());
            for (int slot = 0; slot < capacity; slot++) {
                long id = slot < ids.size() ? ids.get(slot) : -1;
                assertThat(id)
                        .as("step %d slot %d", step, slot)
                        .isEqualTo(held.path(step * capacity + slot).asLong());
            }
        }
    }

    // few different values, so that ties are frequent; some vectors change, some go
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 13})
    void mostRedundant_anyChanges_asComputedFromScratch(int dimension) {
        long seed = 31;
        System.out.println("seed " + seed);
        RandomGenerator random = CounterRandom.of(seed, dimension, Purpose.SHUFFLE, 0);
        Redundancy redundancy = new Redundancy();
        NavigableMap<Long, float[]> vectors = new TreeMap<>();
        for (int action = 0; action < 2000; action++) {
            long id = random.nextInt(40);
            switch (random.nextInt(4)) {
                case 0 -> {
                    redundancy.remove(id);
                    vectors.remove(id);
                }
                case 1 -> {
                    if (vectors.size() > 1) {
                        long gone = redundancy.mostRedundant();
                        assertThat(gone).as("action %d", action).isEqualTo(slowly(vectors));
                        redundancy.remove(gone);
                        vectors.remove(gone);
                    }
                }
                default -> {
                    float[] vector = new float[dimension];
                    for (int i = 0; i < dimension; i++) {
                        vector[i] = random.nextInt(-2, 3);
                    }
                    float[] unit = TestFeatures.ofViews(vector, vector, dimension);
                    redundancy.put(id, unit);
                    vectors.put(id, unit);
                }
            }
            assertThat(redundancy.size()).isEqualTo(vectors.size());
        }
    }

    @Test
    void mostRedundant_oneVector_thatOne() {
        Redundancy redundancy = new Redundancy();
        redundancy.put(7, new float[] {1, 0});
        assertThat(redundancy.mostRedundant()).isEqualTo(7);
    }

    /** argmax of the similarity to the nearest other, the first where several are equal. */
    private static long slowly(NavigableMap<Long, float[]> vectors) {
        long best = -1;
        float highest = Float.NEGATIVE_INFINITY;
        for (var vector : vectors.entrySet()) {
            for (var other : vectors.entrySet()) {
                float similarity = dot(vector.getValue(), other.getValue());
                if (!other.getKey().equals(vector.getKey()) && similarity > highest) {
                    highest = similarity;
                    best = vector.getKey();
                }
            }
        }
        return best;
    }

    private static float dot(float[] a, float[] b) {
        float sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** 1 − cos of every pair, smallest first. */
    private static List<Float> distances(NavigableMap<Long, float[]> vectors) {
        List<float[]> all = List.copyOf(vectors.values());
        List<Float> distances = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            for (int j = 0; j < i; j++) {
                distances.add(1 - dot(all.get(i), all.get(j)));
            }
        }
        Collections.sort(distances);
        return distances;
    }
}
