package org.millrace.trainer.rounds;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.SlotRecord;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.TrainLimits;

/** A run of several real trainers, each on a thread of this process, whose slots are {@link EmulatedSlots}. */
public final class EmulatedRounds {
    private static final Duration POLL = Duration.ofMillis(200);

    private EmulatedRounds() {}

    /**
     * A merged round.
     *
     * @param seconds from the deal to the merge
     * @param mergedAtMillis Unix time
     * @param waits from the deal to the first contribution, of each slot in seconds
     */
    public record Round(long number, double seconds, long mergedAtMillis, List<Double> waits) {
        /** The lower median of the waits. */
        public double medianWait() {
            return waits.stream().sorted().toList().get((waits.size() - 1) / 2);
        }
    }

    /**
     * Trains.
     *
     * @param configs of each process, with folders of their own
     * @param stepMillis of each process
     * @param rounds after which they end
     * @param adoptedByAll called with a round when every process has its merged state
     */
    public static List<Round> run(
            IntFunction<MillraceConfig> configs,
            KafkaSettings kafka,
            List<Long> stepMillis,
            int rounds,
            LongConsumer adoptedByAll)
            throws InterruptedException {
        Queue<RoundsTrainer> trainers = new ConcurrentLinkedQueue<>();
        Map<Long, Integer> adopted = new ConcurrentHashMap<>(); // processes, by round
        CountDownLatch begun = new CountDownLatch(stepMillis.size());
        List<Future<?>> ends = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(stepMillis.size());
        for (int i = 0; i < stepMillis.size(); i++) {
            MillraceConfig config = configs.apply(i);
            long millis = stepMillis.get(i);
            RoundMoment.Listener moments = (moment, round) -> {
                if (moment == RoundMoment.ADOPTED && adopted.merge(round, 1, Integer::sum) == stepMillis.size()) {
                    adoptedByAll.accept(round);
                }
            };
            ends.add(threads.submit(() -> {
                try (var trainer = new RoundsTrainer(
                        config,
                        kafka,
                        new Silence(),
                        Clock.systemUTC(),
                        moments,
                        torch -> new EmulatedSlots(config, kafka, millis))) {
                    trainers.add(trainer);
                    begun.countDown();
                    begun.await(); // so that all take part in the first round
                    long steps = (long) rounds
                            * config.rounds().slots()
                            * config.rounds().steps();
                    trainer.run(new TrainLimits(OptionalLong.of(steps), false));
                    return config;
                } catch (RuntimeException | Error e) {
                    begun.countDown();
                    trainers.forEach(other -> other.stop(Duration.ZERO)); // which would wait for this one
                    throw e;
                }
            }));
        }
        threads.shutdown();
        try {
            for (Future<?> end : ends) {
                end.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("an emulated process failed", e.getCause());
        }
        return journalled(configs.apply(0).run().topics(), kafka);
    }

    private static List<Round> journalled(RunTopics topics, KafkaSettings kafka) {
        Map<Long, Map<Integer, Long>> ready = new TreeMap<>(); // by round and slot, the first
        try (var journal = new Rounds(kafka, topics.steps());
                var notices = new Tail<>(kafka, topics.slots(), SlotRecord.class)) {
            journal.catchUp();
            notices.catchUp(POLL, (record, event) -> {
                if (event instanceof SlotReady notice) {
                    ready.computeIfAbsent(notice.round(), any -> new TreeMap<>())
                            .merge(notice.slot(), notice.readyAtMillis(), Math::min);
                }
            });
            List<Round> rounds = new ArrayList<>();
            for (long number = 0; journal.merge(number).isPresent(); number++) {
                RoundMerged merge = journal.merge(number).orElseThrow();
                RoundDealt deal = journal.dealOf(merge);
                List<Double> waits = ready.getOrDefault(number, Map.of()).values().stream()
                        .map(at -> (at - deal.dealtAtMillis()) / 1e3)
                        .toList();
                double seconds = (merge.mergedAtMillis() - deal.dealtAtMillis()) / 1e3;
                rounds.add(new Round(number, seconds, merge.mergedAtMillis(), waits));
            }
            return rounds;
        }
    }
}
