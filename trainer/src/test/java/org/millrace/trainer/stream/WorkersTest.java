package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300) // only a hang takes that long
final class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 7})
    void each_anyNumberOfThreads_eachItemOnceAndEachWorkerOneThread(int threads) throws InterruptedException {
        try (Workers workers = new Workers(threads)) {
            AtomicIntegerArray done = new AtomicIntegerArray(100);
            AtomicIntegerArray busy = new AtomicIntegerArray(threads);
            AtomicInteger shared = new AtomicInteger();
            workers.each(100, (worker, item) -> {
                shared.addAndGet(busy.incrementAndGet(worker) - 1);
                done.incrementAndGet(item);
                busy.decrementAndGet(worker);
            });
            workers.each(0, (worker, item) -> done.incrementAndGet(item));
            for (int item = 0; item < 100; item++) {
                assertThat(done.get(item)).isEqualTo(1);
            }
            assertThat(shared).hasValue(0);
        }
    }

    @Test
    void each_severalThreads_workAtTheSameTime() throws InterruptedException {
        try (Workers workers = new Workers(3)) {
            CountDownLatch together = new CountDownLatch(3);
            workers.each(3, (worker, item) -> {
                together.countDown();
                try {
                    together.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(together.getCount()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void each_itemFails_isRethrownAndTheNextBatchIsDone(int threads) throws InterruptedException {
        try (Workers workers = new Workers(threads)) {
            AtomicInteger done = new AtomicInteger();
            assertThatThrownBy(() -> workers.each(1000, (worker, item) -> {
                        if (item == 10) {
                            throw new IllegalArgumentException("item 10");
                        }
                    }))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("item 10");
            assertThatThrownBy(() -> workers.each(1, (worker, item) -> {
                        throw new AssertionError("an error");
                    }))
                    .isInstanceOf(AssertionError.class);
            workers.each(20, (worker, item) -> done.incrementAndGet());
            assertThat(done).hasValue(20);
        }
    }
}
