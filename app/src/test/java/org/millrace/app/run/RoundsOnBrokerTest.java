package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.RunTopics;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicReader;

/**
 * Four slots, trained by one process and by several that are killed: the merged state of every round must be the same to the bit, and each
 * image trained once.
 *
 * <p>{@code mvn verify} runs the short form; {@code -Dmillrace.round-kills=N} kills N processes.
 */
class RoundsOnBrokerTest {
    private static final int KILLS = Integer.getInteger("millrace.round-kills", 1);
    private static final long SEED = Long.getLong("millrace.seed", System.nanoTime() & 0xffff);
    private static final int BATCH = 16;
    private static final int SLOTS = 4;
    private static final int STEPS = 2; // of a slot in a round
    private static final int IMAGES = (KILLS + 3) * (SLOTS * STEPS * BATCH + 70);
    private static final String[] SETTINGS = {
        "--set=rounds.slots=" + SLOTS,
        "--set=rounds.steps=" + STEPS,
        "--set=replay.policy=none",
        "--set=images.partitions=3",
        "--set=trainer.batch-size=" + BATCH
    };

    @TempDir
    private Path data;

    private BrokerChild broker;
    private Commands commands;

    @BeforeEach
    void startBroker() throws IOException {
        broker = BrokerChild.start(data.resolve("kafka"));
        commands = new Commands(broker::address, data);
    }

    @AfterEach
    void stopBroker() {
        broker.close();
    }

    @Test
    void train_slotsByOneProcessAndByKilledOnes_comeToTheSameBits() throws Exception {
        commands.good("push", Commands.SAMPLE, "--limit=" + IMAGES, SETTINGS);
        commands.good("train", "--until-end", worker("one", "alone"));
        Rounds one = rounds("one");
        assertThat(one.merges).hasSizeGreaterThan(KILLS + 2);
        assertThat(one.trained() % BATCH).isZero();
        assertThat(one.trained()).isBetween((long) IMAGES - BATCH * SLOTS, (long) IMAGES);
        one.requireEachOffsetOnce();
        assertThat(commands.bad("train", "--until-end", worker("one", "other"), "--set=rounds.steps=3"))
                .contains("was started with other settings", "rounds.steps: " + STEPS + " → 3");

        killing("killed");
        assertThat(rounds("killed").digests()).as("seed %d", SEED).isEqualTo(one.digests());
        assertThat(commands.good("audit", worker("killed", "w1"))).contains("lost 0, trained twice 0");
        assertThat(commands.good("replay", worker("killed", "w1"))).contains(": all equal to the bit");
    }

    // of two processes one is killed, with kill -9, at a random moment, and another one begins
    private void killing(String run) throws Exception {
        var random = new SplittableRandom(SEED);
        List<TrainerChild> living = new ArrayList<>();
        try {
            living.add(start(run, "w0"));
            for (int kill = 0; kill < KILLS; kill++) {
                living.add(start(run, "w" + (kill + 1)));
                awaitMerges(run, kill + 1);
                Thread.sleep(random.nextInt(1_000));
                try (TrainerChild victim = living.remove(random.nextInt(living.size()))) {
                    victim.kill();
                }
            }
            for (TrainerChild child : living) {
                assertThat(child.await()).isZero();
            }
        } finally {
            living.forEach(TrainerChild::close);
        }
    }

    private void awaitMerges(String run, int count) throws InterruptedException {
        while (rounds(run).merges.size() < count) {
            Thread.sleep(100);
        }
    }

    private TrainerChild start(String run, String worker) throws IOException {
        return TrainerChild.start(commands.line("train", "--until-end", worker(run, worker)));
    }

    private String[] worker(String run, String name) {
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

    private Rounds rounds(String run) {
        Rounds rounds = new Rounds();
        var topic = new TopicPartition(new RunTopics(run).steps(), 0);
        RecordReader<JournalEvent> events = RecordReader.ofJson(JournalEvent.class);
        var kafka = new KafkaSettings(broker.address(), Map.of());
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
