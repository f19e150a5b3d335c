package org.millrace.contract.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.millrace.contract.UserException;

@Timeout(300) // only a hang takes that long
class ServicesTest {
    @TempDir
    private Path crashes;

    private final List<String> said = new CopyOnWriteArrayList<>();
    private final List<Long> pauses = new ArrayList<>();
    private final AtomicLong now = new AtomicLong();

    /** What a role may do; the clock is the test's. */
    private interface Work {
        void run(int start) throws InterruptedException;
    }

    private static final class FakeRole implements Services.Service {
        private final Work work;
        private final AtomicInteger starts;

        FakeRole(Work work, AtomicInteger starts) {
            this.work = work;
            this.starts = starts;
        }

        @Override
        public void run() {
            try {
                work.run(starts.incrementAndGet());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void stop() {}
    }

    static List<Throwable> failures() {
        return List.of(
                new UserException("the disk is full\nFree some."),
                new IllegalStateException("a bug"),
                new NullPointerException(),
                new OutOfMemoryError("Java heap space"),
                new StackOverflowError(),
                new AssertionError("no"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void supervised_whateverItThrows_isSaidOnceAndItStartsAgainLater(Throwable failure) {
        Role role = supervise(start -> {
            if (start < 10) {
                throw sneaky(failure);
            }
        });
        assertThat(pauses).containsExactly(1_000L, 2_000L, 4_000L, 8_000L, 16_000L, 32_000L, 60_000L, 60_000L, 60_000L);
        assertThat(said).hasSize(1);
        assertThat(said.get(0)).startsWith("helper has failed: ").contains("It starts again in 1 s");
        assertThat(role.failures()).isEqualTo(9);
        assertThat(role.state()).isEqualTo(Role.State.ENDED);
        boolean ours = !(failure instanceof UserException);
        assertThat(said.get(0).contains("stack trace in " + crashes)).isEqualTo(ours);
        assertThat(crashes.toFile().list()).hasSize(ours ? 1 : 0);
    }

    @Test
    void supervised_afterAMinuteThatWentWell_pausesAsAtFirstAndSaysItAgain() {
        supervise(start -> {
            if (start == 4) {
                now.addAndGet(60_000);
            }
            if (start < 6) {
                throw new UserException("no broker");
            }
        });
        assertThat(pauses).containsExactly(1_000L, 2_000L, 4_000L, 1_000L, 2_000L);
        assertThat(said).hasSize(2);
    }

    @Test
    void supervised_anotherFailure_isSaidToo() {
        supervise(start -> {
            if (start < 5) {
                throw new UserException(start < 3 ? "first" : "second");
            }
        });
        assertThat(said).hasSize(2);
        assertThat(said.get(1)).startsWith("helper has failed: second\nIt starts again in 4 s");
    }

    @Test
    void supervised_interruptedByNobodysStop_startsAgain() {
        AtomicInteger starts = new AtomicInteger();
        supervise(start -> {
            starts.set(start);
            if (start == 1) {
                throw new InterruptedException();
            }
        });
        assertThat(starts).hasValue(2);
        assertThat(said).singleElement().asString().contains("its thread was interrupted");
    }

    @Test
    void supervise_failureWhileItIsMadeFirst_isTheCallers() {
        try (Services services = new Services(said::add, crashes)) {
            assertThatThrownBy(() -> services.supervise("helper", () -> {
                        throw new UserException("no such host");
                    }))
                    .hasMessage("no such host");
        }
        assertThat(said).isEmpty();
    }

    @Test
    void superviseOnce_failure_isSaidAndNotTriedAgain() throws Exception {
        AtomicInteger starts = new AtomicInteger();
        CountDownLatch told = new CountDownLatch(1);
        Services services = new Services(
                words -> {
                    said.add(words);
                    told.countDown();
                },
                crashes);
        services.superviseOnce(
                "push",
                new FakeRole(
                        start -> {
                            throw new UserException("the archive is damaged");
                        },
                        starts),
                "Push the rest again.");
        told.await();
        services.check();
        services.stop();
        assertThat(starts).hasValue(1);
        assertThat(said).containsExactly("push has failed: the archive is damaged\nPush the rest again.");
        assertThat(services.roles())
                .singleElement()
                .satisfies(role -> assertThat(role.state()).isEqualTo(Role.State.FAILED));
    }

    @Test
    void stop_whileARoleWaits_endsAtOnce() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        Services services = new Services(words -> told.countDown(), crashes);
        AtomicInteger starts = new AtomicInteger();
        services.supervise(
                "helper",
                () -> new FakeRole(
                        start -> {
                            throw new UserException("no");
                        },
                        starts));
        told.await();
        services.stop();
        assertThat(services.roles().get(0).failures()).isPositive();
    }

    @ParameterizedTest
    @MethodSource("failures")
    void check_vitalServiceFailed_throwsThat(Throwable failure) throws Exception {
        try (Services services = new Services()) {
            services.startVital(
                            "train",
                            new FakeRole(
                                    start -> {
                                        throw sneaky(failure);
                                    },
                                    new AtomicInteger()))
                    .join();
            assertThatThrownBy(services::check).isSameAs(failure);
        }
    }

    @Test
    void check_vitalServiceEndedOrInterrupted_isAFailureToo() throws Exception {
        try (Services services = new Services()) {
            services.startVital("train", new FakeRole(start -> {}, new AtomicInteger()))
                    .join();
            assertThatThrownBy(services::check).hasMessage("train ended without being stopped");
        }
        try (Services services = new Services()) {
            services.startVital(
                            "train",
                            new FakeRole(
                                    start -> {
                                        throw new InterruptedException();
                                    },
                                    new AtomicInteger()))
                    .join();
            assertThatThrownBy(services::check).hasMessageContaining("its thread was interrupted");
        }
    }

    private Role supervise(Work work) {
        AtomicInteger starts = new AtomicInteger();
        var supervision = new Supervised.Supervision(said::add, crashes, true, "");
        var time = new Supervised.Time(now::get, (latch, millis) -> {
            pauses.add(millis);
            return false;
        });
        var supervised = new Supervised("helper", () -> new FakeRole(work, starts), supervision, time);
        supervised.run();
        return supervised.state();
    }

    private static RuntimeException sneaky(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return (RuntimeException) failure;
    }
}
