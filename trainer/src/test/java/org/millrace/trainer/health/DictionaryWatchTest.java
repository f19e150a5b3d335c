package org.millrace.trainer.health;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.DictionaryHealth.Consistency;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.ImageId;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.objective.Batch;
import org.millrace.trainer.objective.Remembered;

final class DictionaryWatchTest {
    private static final int EVERY = 10;

    private final Torch torch = TestRuns.torch();

    /** Measured when the keys are as old as the median, whether a dictionary spans less than the interval or several. */
    @ParameterizedTest
    @CsvSource({"2, 1", "7, 3", "20, 10", "64, 32", "65, 32"})
    void after_fullDictionary_consistencyAtTheMedianAge(int span, int age) {
        Keys keys = new Keys(span);
        List<Optional<DictionaryHealth>> steps = run(keys, 200);
        for (int step = 100; step <= 200; step += EVERY) {
            DictionaryHealth health = steps.get(step - 1).orElseThrow();
            assertThat(health.keys()).isEqualTo(span * TestRuns.BATCH);
            assertThat(health.ages().oldest()).isEqualTo(span - 1);
            assertThat(health.consistency()).contains(new Consistency(0.5, TestRuns.BATCH, age));
        }
        assertThat(keys.encoded).hasSizeGreaterThan(10).allMatch(NDArray::isReleased);
    }

    /** While it fills, ages grow, and a batch is measured when it is about as old as the middle of what is there. */
    @Test
    void after_fillingDictionary_measuredToo() {
        List<Optional<DictionaryHealth>> steps = run(new Keys(1000), 60);
        for (int step = EVERY; step <= 60; step += EVERY) {
            DictionaryHealth health = steps.get(step - 1).orElseThrow();
            assertThat(health.ages().oldest()).isEqualTo(step - 1);
            long age = health.consistency().orElseThrow().age();
            assertThat(age).isBetween(step / 3 - 1L, step / 3 + 1L);
        }
    }

    private List<Optional<DictionaryHealth>> run(Keys keys, int steps) {
        List<Optional<DictionaryHealth>> health = new ArrayList<>();
        try (DictionaryWatch watch = new DictionaryWatch(keys, torch, EVERY);
                NDManager scope = torch.newManager()) {
            NDArray views = scope.ones(new Shape(TestRuns.BATCH, 1, 2, 2));
            for (keys.step = 1; keys.step <= steps; keys.step++) {
                List<Optional<ImageId>> ids = Collections.nCopies(TestRuns.BATCH, Optional.empty());
                Batch batch = new Batch(keys.step, TestRuns.images(keys.step), ids, List.of(views, views));
                long sequence = keys.step * TestRuns.BATCH;
                health.add(watch.after(batch, sequence, Math.min(sequence, keys.span * TestRuns.BATCH)));
            }
        }
        return health;
    }

    /** Keys of the newest steps, all (1, 0), which would be (½, √¾) now. */
    private static final class Keys implements Remembered {
        private final long span;
        private final List<NDArray> encoded = new ArrayList<>();
        private long step;

        Keys(long span) {
            this.span = span;
        }

        @Override
        public long[] steps() {
            return LongStream.rangeClosed(Math.max(1, step - span + 1), step)
                    .flatMap(each -> LongStream.generate(() -> each).limit(TestRuns.BATCH))
                    .toArray();
        }

        @Override
        public NDArray views(Batch batch) {
            return batch.first();
        }

        @Override
        public NDArray encode(NDArray views, long then, NDManager scope) {
            encoded.add(views);
            float[] rows = new float[2 * TestRuns.BATCH];
            for (int i = 0; i < TestRuns.BATCH; i++) {
                rows[2 * i] = 0.5f;
                rows[2 * i + 1] = (float) Math.sqrt(0.75);
            }
            return scope.create(rows, new Shape(TestRuns.BATCH, 2));
        }

        @Override
        public BankRows rows(long last, List<Optional<ImageId>> ids, NDManager scope) {
            float[] rows = new float[2 * TestRuns.BATCH];
            for (int i = 0; i < TestRuns.BATCH; i++) {
                rows[2 * i] = 1;
            }
            return new BankRows(2, rows, new int[TestRuns.BATCH]);
        }
    }
}
