package org.millrace.server.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.millrace.server.embed.FairPool.Length;

@Timeout(value = 5, unit = TimeUnit.MINUTES) // only a hang takes that long
final class FairPoolTest {
    @Test
    void run_oneClientStuckWithEverything_othersGoOn() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        Semaphore begun = new Semaphore(0);
        CountDownLatch others = new CountDownLatch(50);
        try (FairPool pool = new FairPool("test", 4)) {
            for (int i = 0; i < 100; i++) {
                pool.run("slow", Length.SHORT, () -> {
                    begun.release();
                    wait(slow);
                });
            }
            begun.acquire(3); // its share
            for (int i = 0; i < 50; i++) {
                pool.run("other " + i % 5, Length.SHORT, others::countDown);
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
            pool.run("first", Length.SHORT, () -> wait(gate));
            for (int i = 0; i < 6; i++) {
                String task = "a" + i;
                pool.run("a", Length.SHORT, () -> {
                    order.add(task);
                    done.countDown();
                });
            }
            for (int i = 0; i < 2; i++) {
                String task = "b" + i;
                pool.run("b", Length.SHORT, () -> {
                    order.add(task);
                    done.countDown();
                });
            }
            gate.countDown();
            done.await();
        }
        assertThat(order).containsExactly("a0", "b0", "a1", "b1", "a2", "a3", "a4", "a5");
    }

    @Test
    void run_longTasksOfManyClientsStuck_shortOnesOfTheSameClientsGoOn() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        Semaphore begun = new Semaphore(0);
        CountDownLatch shortOnes = new CountDownLatch(40);
        try (FairPool pool = new FairPool("test", 4)) {
            for (int i = 0; i < 100; i++) {
                pool.run("client " + i % 2, Length.LONG, () -> {
                    begun.release();
                    wait(slow);
                });
            }
            begun.acquire(3); // all threads but one
            for (int i = 0; i < 40; i++) {
                pool.run("client " + i % 4, Length.SHORT, shortOnes::countDown);
            }
            shortOnes.await();
            assertThat(begun.tryAcquire()).as("a long task more").isFalse();
            slow.countDown();
            begun.acquire(97);
        }
    }

    @Test
    void run_shortAndLongOfOneClient_alternate() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(7);
        List<String> order = new CopyOnWriteArrayList<>();
        try (FairPool pool = new FairPool("test", 1)) {
            pool.run("a", Length.LONG, () -> wait(gate));
            for (String task : List.of("l0", "l1", "l2", "s0", "s1", "s2", "s3")) {
                pool.run("a", task.startsWith("l") ? Length.LONG : Length.SHORT, () -> {
                    order.add(task);
                    done.countDown();
                });
            }
            gate.countDown();
            done.await();
        }
        assertThat(order).containsExactly("s0", "l0", "s1", "l1", "s2", "l2", "s3");
    }

    private static void wait(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
