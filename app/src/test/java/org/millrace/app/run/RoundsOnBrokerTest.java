package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.RunTopics;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.kafka.TopicReader;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.server.dashboard.TestNotices;
import org.millrace.trainer.rounds.CrashingRounds;

/**
 * Four slots, trained by one process and by several that meet faults, while notices lie about contributions that are not there: the merged
 * state of every round must be the same to the bit, and each image trained once. The run that gets more slots is replayed besides.
 *
 * <p>{@code mvn verify} runs the short form, one {@code kill -9}; {@code -Dmillrace.round-faults=N} has N faults: a crash at each moment of
 * a round in turn, {@code kill -9}, SIGTERM, a process that is suspended for longer than its session and then goes on.
 */
class RoundsOnBrokerTest {
    private static final int FAULTS = Integer.getInteger("millrace.round-faults", 1);
    private static final long SEED = Long.getLong("millrace.seed", System.nanoTime() & 0xffff);
    private static final Duration LONGER_THAN_A_SESSION = Duration.ofSeconds(15);
    private static final List<String> MOMENTS = FAULTS == 1 ? List.of() : CrashingRounds.moments();
    private static final int FAULT_KINDS = MOMENTS.size() + 3;
    private static final int BATCH = Commands.BATCH;
    private static final int SLOTS = 4;
    private static final int STEPS = 2; // of a slot in a round
    private static final int IMAGES = (FAULTS + 3) * (SLOTS * STEPS * BATCH + 35);
    private static final String[] SETTINGS = {
        "--set=rounds.slots=" + SLOTS,
        "--set=rounds.steps=" + STEPS,
        "--set=replay.policy=none",
        "--set=images.partitions=3",
        "--set=trainer.publish-every-steps=" + 2 * SLOTS * STEPS,
        "--set=trainer.batch-size=" + BATCH
    };

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;

    private final SplittableRandom random = new SplittableRandom(SEED);

    @BeforeAll
    static void push() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        commands.good("push", Commands.SAMPLE, "--limit=" + IMAGES, SETTINGS);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void train_slotsByOneProcessAndByDisturbedOnes_comeToTheSameBits() throws Exception {
        commands.good("train", "--until-end", worker("one", "alone"));
        Rounds one = rounds("one");
        assertThat(one.merges).hasSizeGreaterThan(FAULTS + 2);
        assertThat(one.trained() % BATCH).isZero();
        assertThat(one.trained()).isBetween((long) IMAGES - BATCH * SLOTS, (long) IMAGES);
        one.requireEachOffsetOnce();
        assertThat(commands.bad("train", "--until-end", worker("one", "other"), "--set=rounds.steps=3"))
                .contains("was started with other settings", "rounds.steps: " + STEPS + " → 3");

        forge("killed", one.digests());
        disturbing("killed");
        assertThat(rounds("killed").digests()).as("seed %d", SEED).isEqualTo(one.digests());
        assertThat(commands.good("audit", worker("killed", "w1"))).contains("lost 0, trained twice 0");
    }

    @Test
    void slots_more_countFromTheNextRound() throws Exception {
        String[] run = worker("grown", "alone");
        commands.good("train", "--until-step=" + SLOTS * STEPS, run);
        assertThat(commands.good("slots", "--to=6", run)).contains("has " + SLOTS + " slots", "will have 6 slots");
        commands.good("train", "--until-end", run);
        Rounds grown = rounds("grown");
        grown.requireEachOffsetOnce();
        List<Integer> counts = grown.deals.values().stream()
                .map(deal -> deal.slots().size())
                .distinct() // a stopped process may have dealt one round more
                .toList();
        assertThat(counts).containsExactly(SLOTS, 6);
        assertThat(commands.good("replay", run)).contains(": all equal to the bit");
    }

    // contributions to every round, by the names of records that do not exist: to slot 1 with the right state, to
    // slot 2 with another; and a merged state of a round to come
    private static void forge(String run, List<String> digests) throws Exception {
        RunTopics topics = new RunTopics(run);
        var kafka = PatientKafka.at(broker.bootstrapServers());
        try (var setup = new TopicSetup(kafka);
                var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            setup.ensureRun(topics);
            setup.ensureRounds(topics, SLOTS);
            byte[] manifest = Json.write(Map.of("round", 9_999, "chunks", 0, "sha256", Sha256.of(new byte[0])));
            byte[] key = "9999/manifest".getBytes(StandardCharsets.UTF_8);
            producer.send(new ProducerRecord<>(topics.globals(), key, manifest)).get();
            for (int round = 0; round < digests.size(); round++) {
                String base = round == 0 ? "" : digests.get(round - 1);
                for (SlotReady lie : List.of(
                        TestNotices.ready(round, 1, base, "forger", 1, 0),
                        TestNotices.ready(round, 2, "another", "forger", 1, 0))) {
                    producer.send(new ProducerRecord<>(topics.slots(), lie.slot(), null, Json.write(lie)))
                            .get();
                }
            }
        }
    }

    // of two processes one meets a fault, at a random moment, and another one begins
    private void disturbing(String run) throws Exception {
        List<TrainerChild> living = new ArrayList<>();
        try {
            living.add(start(run, "w0"));
            for (int fault = 0; fault < FAULTS; fault++) {
                if (fault % FAULT_KINDS < MOMENTS.size()) {
                    crashAlone(run, "w" + (fault + 1), MOMENTS.get(fault % FAULT_KINDS), living);
                } else {
                    living.add(start(run, "w" + (fault + 1)));
                    awaitMerges(run, fault + 1, living);
                    disturb(living, fault % FAULT_KINDS - MOMENTS.size());
                }
            }
            for (TrainerChild child : living) {
                assertThat(child.await()).as("seed %d", SEED).isZero();
            }
        } finally {
            living.forEach(TrainerChild::close);
        }
    }

    private void disturb(List<TrainerChild> living, int kind) throws Exception {
        Thread.sleep(random.nextInt(500));
        TrainerChild victim = living.get(random.nextInt(living.size()));
        switch (kind) {
            case 0 -> victim.kill();
            case 1 -> terminate(victim);
            default -> {
                victim.suspend(LONGER_THAN_A_SESSION);
                return; // it is shut out, and goes on
            }
        }
        living.remove(victim);
    }

    private static void terminate(TrainerChild child) throws InterruptedException {
        assertThat(child.terminate()).as("seed %d", SEED).isIn(0, 128 + 15); // 0 where it had come to the end
    }

    // it leads the run and computes every slot, until it comes to the moment
    private static void crashAlone(String run, String worker, String moment, List<TrainerChild> living)
            throws Exception {
        for (TrainerChild child : living) {
            terminate(child);
        }
        living.clear();
        List<String> arguments = new ArrayList<>(List.of(broker.bootstrapServers(), moment));
        commands.settings().forEach(arguments::add);
        Arrays.stream(worker(run, worker))
                .map(option -> option.substring("--set=".length()))
                .forEach(arguments::add);
        try (TrainerChild child = TrainerChild.start(CrashingRounds.class, arguments.toArray(String[]::new))) {
            assertThat(child.await()).as("it did not come to %s", moment).isEqualTo(137);
        }
        living.add(start(run, worker + "-next"));
    }

    private static void awaitMerges(String run, int count, List<TrainerChild> living) throws InterruptedException {
        while (rounds(run).merges.size() < count) {
            assertThat(living)
                    .as("seed %d: a process has ended by itself", SEED)
                    .allMatch(TrainerChild::isAlive);
            Thread.sleep(100);
        }
    }

    private static TrainerChild start(String run, String worker) throws IOException {
        return TrainerChild.start(commands.line("train", "--until-end", worker(run, worker)));
    }

    private static String[] worker(String run, String name) {
        List<String> settings = new ArrayList<>(List.of(SETTINGS));
        settings.add("--set=run.name=" + run);
        settings.add("--set=run.data=" + data.resolve(run + "-" + name));
        return settings.toArray(String[]::new);
    }

    /** What a run's journal says of its rounds. */
    private static final class Rounds {
        private final SortedMap<Long, RoundDealt> deals = new TreeMap<>();
        private final SortedMap<Long, RoundMerged> merges = new TreeMap<>();

        List<String> digests() {
            return merges.values().stream().map(RoundMerged::digest).toList();
        }

        long trained() {
            return merges.values().stream().mapToLong(RoundMerged::images).sum();
        }

        // what was dealt and did not come back
        void requireEachOffsetOnce() {
            Map<Integer, SortedMap<Long, Long>> used = new TreeMap<>();
            assertThat(deals.keySet()).containsAll(merges.keySet());
            deals.forEach((round, deal) -> {
                RoundMerged merge = merges.get(round);
                if (merge == null) {
                    return; // dealt when the run stopped
                }
                merge.slots().forEach(slot -> {
                    long dealt = length(deal.slots().get(slot.slot()));
                    assertThat(dealt - length(slot.left())).isEqualTo(slot.images() + slot.rejected());
                });
                deal.slots()
                        .forEach(ranges -> ranges.forEach(
                                range -> used.computeIfAbsent(range.partition(), partition -> new TreeMap<>())
                                        .merge(range.from(), range.to(), Math::max)));
            });
            assertThat(used).hasSize(3);
            used.values().forEach(ranges -> {
                long at = 0;
                for (Map.Entry<Long, Long> range : ranges.entrySet()) {
                    assertThat(range.getKey()).as("no gap before it").isLessThanOrEqualTo(at);
                    at = Math.max(at, range.getValue());
                }
            });
        }

        private static long length(List<OffsetRange> ranges) {
            return ranges.stream().mapToLong(OffsetRange::length).sum();
        }
    }

    private static Rounds rounds(String run) {
        Rounds rounds = new Rounds();
        var topic = new TopicPartition(new RunTopics(run).steps(), 0);
        RecordReader<JournalEvent> events = RecordReader.ofJson(JournalEvent.class);
        var kafka = PatientKafka.at(broker.bootstrapServers());
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            if (!consumer.listTopics(Duration.ofSeconds(30)).containsKey(topic.topic())) {
                return rounds;
            }
            TopicReader.read(
                    consumer,
                    List.of(topic),
                    record -> events.read(record).ifPresent(event -> {
                        if (event instanceof RoundDealt deal) {
                            rounds.deals.putIfAbsent(deal.round(), deal);
                        } else if (event instanceof RoundMerged merge) {
                            assertThat(rounds.merges).doesNotContainKey(merge.round());
                            rounds.merges.put(merge.round(), merge);
                        }
                    }));
        }
        return rounds;
    }
}
