package org.millrace.trainer.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.encoder.VectorTensors.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.trainer.TestRuns;

/** The dictionary as the reference's ring, on the store and on the tensor that a step sees. */
final class DictionaryVectorsTest {
    private final Torch torch = TestRuns.torch();

    @ParameterizedTest
    @ValueSource(strings = {"moco_queue_divisible", "moco_queue_streaming", "moco_queue_oversize"})
    void enqueue_referenceVector_sameRowsPointerAndOrder(String name) {
        ReferenceVector vector = ReferenceVector.load(name);
        int capacity = vector.size("queue0", 0);
        int dimension = vector.size("queue0", 1);
        int pointer = (int) vector.number("ptr0");
        try (KeyStore store = new KeyStoreSettings("images", dimension, capacity).openInMemory();
                NDManager scope = torch.newManager()) {
            // keys from before the vector begins, which bring the pointer to its place
            store.append(new KeyBatch(0, dimension, new float[pointer * dimension], offsets(0, pointer)));
            try (Dictionary dictionary = new Dictionary(torch, store, capacity, dimension, 1)) {
                InPlace.overwrite(dictionary.rows(), vector.floats("queue0"));
                NDArray keys = InfoNce.unit(tensor(vector, "keys", scope));
                int arrived = 0;
                int step = 0;
                for (var size : vector.parameter("batch_sizes")) {
                    int to = arrived + size.asInt();
                    dictionary.enqueue(
                            keys.get(arrived + ":" + to),
                            step + 1,
                            offsets(pointer + arrived, size.asInt()),
                            unknown(size.asInt()));
                    arrived = to;
                    int rows = capacity * dimension;
                    vector.checkAt(
                            "queue_after_each_step",
                            step * rows,
                            dictionary.rows().toFloatArray());
                    long sequence = dictionary.sequence();
                    vector.checkAt("ptr_after_each_step", step, sequence % capacity);
                    for (int slot = 0; slot < capacity; slot++) {
                        vector.checkAt(
                                "slot_key_ids_after_each_step",
                                step * capacity + slot,
                                keyIn(store, slot, capacity, pointer));
                    }
                    step++;
                }
                for (int i = 0; i < capacity; i++) {
                    vector.checkAt("final_slots_oldest_to_newest", i, (dictionary.sequence() + i) % capacity);
                }
                assertAnotherReadsTheSame(dictionary, store, capacity, dimension, pointer);
            }
        }
    }

    @Test
    void rows_ofPastKeys_thoseThatLeftAreAbsent() {
        try (KeyStore store = new KeyStoreSettings("images", 1, 5).openInMemory();
                NDManager scope = torch.newManager();
                Dictionary dictionary = new Dictionary(torch, store, 5, 1, 1)) {
            for (int step = 1;
                    step <= 3;
                    step++) { // keys 1 to 9, each its own number; 5 to 9 stay, around the ring's end
                float[] keys = {3 * step - 2, 3 * step - 1, 3 * step};
                dictionary.enqueue(scope.create(keys, new Shape(3, 1)), step, offsets(3L * step, 3), unknown(3));
            }
            assertThat(dictionary.rows(9, 3, scope).rows()).containsExactly(7, 8, 9);
            assertThat(dictionary.rows(8, 5, scope).rows()).containsExactly(0, 5, 6, 7, 8);
            assertThat(dictionary.rows(8, 5, scope).isPresent(0)).isFalse();
            assertThat(dictionary.rows(8, 5, scope).isPresent(1)).isTrue();
            assertThat(dictionary.rows(3, 3, scope).slots()).containsOnly(BankRows.ABSENT);
            assertThat(dictionary.steps()).containsExactlyInAnyOrder(2, 2, 3, 3, 3);
            try (Dictionary reopened = new Dictionary(torch, store, 5, 1, 1)) {
                assertThat(reopened.steps()).isEqualTo(dictionary.steps());
            }
        }
    }

    // arrival number of the key in a slot, by the provenance that the store keeps; −(slot + 1) for an initial row
    private static long keyIn(KeyStore store, int slot, int capacity, int before) {
        long newest = store.newestSequence();
        long sequence = newest - Math.floorMod(newest - 1 - slot, (long) capacity);
        return sequence <= before
                ? -(slot + 1L)
                : store.newest((int) (newest - sequence + 1))
                                .provenance()
                                .get(0)
                                .image()
                                .offset()
                        - before;
    }

    private void assertAnotherReadsTheSame(
            Dictionary dictionary, KeyStore store, int capacity, int dimension, int before) {
        float[] rows = dictionary.rows().toFloatArray();
        try (Dictionary reopened = new Dictionary(torch, store, capacity, dimension, 1)) {
            float[] again = reopened.rows().toFloatArray();
            for (int slot = 0; slot < capacity; slot++) {
                if (keyIn(store, slot, capacity, before) >= 0) {
                    for (int i = slot * dimension; i < (slot + 1) * dimension; i++) {
                        assertThat(again[i]).isEqualTo(rows[i]);
                    }
                }
            }
        }
    }

    private static List<OptionalLong> unknown(int count) {
        return Collections.nCopies(count, OptionalLong.empty());
    }

    private static List<ImageOffset> offsets(long from, int count) {
        return LongStream.range(from, from + count)
                .mapToObj(offset -> new ImageOffset(0, offset))
                .toList();
    }
}
