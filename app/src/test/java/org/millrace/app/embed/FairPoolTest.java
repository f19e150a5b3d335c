package org.millrace.app.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 5, unit = TimeUnit.MINUTES) // only a hang takes that long
final class FairPoolTest {
    @Test
    void run_oneClientStuckWithEverything_othersGoOn() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        Semaphore begun = new Semaphore(0);
        CountDownLatch others = new CountDownLatch(50);
        try (FairPool pool = new FairPool("test", 4)) {
            for (int i = 0; i < 100; i++) {
                pool.run("slow", () -> {
                    begun.release();
                    wait(slow);
                });
            }
            begun.acquire(3); // its share
            for (int i = 0; i < 50; i++) {
                pool.run("other " + i % 5, others::countDown);
            }
            others.await();
            assertThat(begun.tryAcquire()).as("more than its share").isFalse();
            slow.countDown();
            begun.acquire(97);
        }
    }

    @Test
    void run_manyOfOneAndFewOfAnother_takeTurnsInOrder() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(8);
        List<String> order = new CopyOnWriteArrayList<>();
        try (FairPool pool = new FairPool("test", 1)) {
            pool.run("first", () -> wait(gate));
            for (int i = 0; i < 6; i++) {
                String task = "a" + i;
                pool.run("a", () -> {
                    order.add(task);
                    done.countDown();
                });
            }
            for (int i = 0; i < 2; i++) {
                String task = "b" + i;
                pool.run("b", () -> {
                    order.add(task);
                    done.countDown();
                });
            }
            gate.countDown();
            done.await();
        }
        assertThat(order).containsExactly("a0", "b0", "a1", "b1", "a2", "a3", "a4", "a5");
    }

    private static void wait(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
