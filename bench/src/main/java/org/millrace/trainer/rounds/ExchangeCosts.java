package org.millrace.trainer.rounds;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.keystore.KeyBatch;

/**
 * What the parts of an exchange take on this machine, in seconds of processor time of this process with its broker: as long as the part
 * takes on an idle core, whatever else runs meanwhile.
 *
 * @param sizes of the network that they were measured with
 * @param encode a contribution's bytes from the weights
 * @param send a contribution to the broker, with its digests
 * @param read a contribution from the broker
 * @param fold a contribution parsed and added to the others
 * @param state a merged state's tensors and digest
 * @param one cores that one thread got meanwhile
 * @param several cores that {@value #THREADS} threads got
 */
public record ExchangeCosts(
        Sizes sizes, double encode, double send, double read, double fold, double state, double one, double several) {
    private static final OperatingSystemMXBean MACHINE =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final int REPEATS = 8; // the first five settle the compiler
    private static final int SETTLING = 5;
    private static final int THREADS = 4;

    /**
     * What a configured network's exchange is, in bytes.
     *
     * @param contribution of a slot
     * @param state merged
     * @param report of a step
     */
    public record Sizes(long contribution, long state, long report) {}

    /** The sizes of a configured network, from files of that size. */
    public static Sizes sizes(MillraceConfig config) {
        return new Sample(config).sizes();
    }

    /** Measures with the configured network; writes to a topic of the run. */
    public static ExchangeCosts measure(MillraceConfig config, KafkaSettings kafka) throws Exception {
        RunTopics topics = config.run().topics();
        try (var setup = new TopicSetup(kafka)) {
            setup.ensureRun(topics);
            setup.ensureRounds(topics, config.rounds().slots());
        }
        var sample = new Sample(config);
        try (var work = new Work(kafka, topics)) {
            double encode = spent(() -> sample.file(config)).cpu();
            double send = spent(() -> sample.send(work)).cpu();
            SlotReady sent = sample.send(work);
            double read = spent(() -> sample.read(work, sent)).cpu();
            double parse = spent(() -> sample.parse(config)).cpu();
            Callable<Object> merge = () -> sample.merge(config, 1);
            Spent one = spent(merge);
            double four = spent(() -> sample.merge(config, 4)).cpu();
            double each = Math.max(0, (four - one.cpu()) / 3);
            double digest = spent(sample.after::digest).cpu();
            return new ExchangeCosts(
                    sample.sizes(),
                    encode,
                    send,
                    read,
                    parse + each,
                    Math.max(0, one.cpu() - parse - each) + digest,
                    one.cores(),
                    spent(() -> together(merge)).cores());
        }
    }

    private record Spent(double cpu, double wall) {
        double cores() {
            return cpu / wall;
        }
    }

    private static Object together(Callable<Object> task) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            for (var end : threads.invokeAll(Collections.nCopies(THREADS, task))) {
                end.get();
            }
            return threads;
        } finally {
            threads.shutdown();
        }
    }

    // the median by processor time
    private static Spent spent(Callable<?> task) throws Exception {
        List<Spent> all = new ArrayList<>();
        for (int i = 0; i < REPEATS; i++) {
            long began = System.nanoTime();
            long cpuBefore = MACHINE.getProcessCpuTime();
            Object unused = task.call();
            double cpu = (MACHINE.getProcessCpuTime() - cpuBefore) / 1e9;
            if (i >= SETTLING) {
                all.add(new Spent(cpu, (System.nanoTime() - began) / 1e9));
            }
        }
        all.sort(Comparator.comparingDouble(Spent::cpu));
        return all.get(all.size() / 2);
    }

    /** A state after one merge, a contribution to it, and its file. */
    private static final class Sample {
        private final GlobalState before;
        private final GlobalState after;
        private final Contribution.Account account;
        private final List<KeyBatch> keys;
        private final byte[] file;

        Sample(MillraceConfig config) {
            GlobalState beginning = SlotTrainer.beginning(config, SelfTest.forTraining(config));
            int steps = config.rounds().steps();
            int batch = config.trainer().batchSize();
            Map<String, Double> prepared =
                    Map.of("fetch", 1.234567, "decode", 1.234567, "gate", 0.001234, "views", 12.345678);
            List<StepDone> reports = IntStream.rangeClosed(1, steps)
                    .mapToObj(step -> EmulatedSlots.report(step, step, batch, 0, prepared, 0))
                    .toList();
            this.account = new Contribution.Account(0, 0, (long) steps * batch, 0, List.of(), reports, 0);
            this.keys = IntStream.rangeClosed(1, steps)
                    .mapToObj(step -> keys(step, batch, config.head().output()))
                    .toList();
            this.before = beginning;
            this.file = file(config);
            this.after = merge(config, config.rounds().slots());
        }

        private static KeyBatch keys(int step, int batch, int dimension) {
            return new KeyBatch(
                    step,
                    dimension,
                    new float[batch * dimension],
                    IntStream.range(0, batch)
                            .mapToObj(i -> new ImageOffset(0, i))
                            .toList());
        }

        Sizes sizes() {
            long reports = Json.write(account.steps()).length;
            return new Sizes(
                    file.length,
                    after.toBytes().length,
                    reports / account.steps().size());
        }

        byte[] file(MillraceConfig config) {
            return EmulatedSlots.file(
                    config, before, account, keys, config.rounds().slots(), new SplittableRandom(1));
        }

        SlotReady send(Work work) throws InterruptedException {
            return work.send(
                    0,
                    file,
                    () -> false,
                    (from, to, name, sha256, bits) -> new SlotReady(
                            SlotReady.SCHEMA,
                            0,
                            0,
                            "",
                            from,
                            to,
                            name,
                            sha256,
                            bits,
                            "bench",
                            "engine",
                            0,
                            0,
                            Optional.empty()));
        }

        byte[] read(Work work, SlotReady sent) {
            return work.read(0, sent.from(), sent.to(), sent.name(), sent.sha256())
                    .orElseThrow();
        }

        Contribution parse(MillraceConfig config) {
            return Contribution.parse(file, before, config.rounds().precision());
        }

        GlobalState merge(MillraceConfig config, int slots) {
            Contribution one = parse(config);
            var deal = new RoundDealt(
                    JournalEvent.SCHEMA,
                    0,
                    0,
                    Collections.nCopies(slots, List.of()),
                    new LogIdentity("cluster", "topic"),
                    0);
            var draft = new RoundMerged(JournalEvent.SCHEMA, 0, 0, List.of(), "", 0, 0, 0);
            return new Fold(config.rounds(), config.moco().queueSize())
                    .merged(before, deal, draft, Collections.nCopies(slots, one))
                    .state();
        }
    }
}
