package org.millrace.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.RunStatistics;
import org.millrace.contract.Check;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.encoder.tensor.Torch;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.ImagePusher;
import org.millrace.ingest.push.PushProgress;
import org.millrace.ingest.push.PushRequest;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.trainer.Learner;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.Trainer;
import org.millrace.trainer.TrainerEvents;
import org.millrace.trainer.rounds.Silence;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.ViewBuffers;

/**
 * Images per second from Kafka to updated weights (journal, key store on disk, checkpoints on) against the same step fed from memory
 * (views made once, keys in memory), in turn in one process: {@code bench/run end-to-end IMAGES [ROUNDS] [STEPS] [key=value …]}.
 *
 * <p>About 2 minutes for 4 rounds of 40 steps on 2 cores, of which the first is not counted. Expect a ratio of about 0.95.
 */
final class EndToEnd {
    private static final OperatingSystemMXBean MACHINE =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    /** Steps at the start of each block that are not timed. */
    private static final int SETTLING = 5;

    private final MillraceConfig config;
    private final int steps;
    private final RunStatistics statistics;

    private EndToEnd(MillraceConfig config, int steps) {
        this.config = config;
        this.steps = steps;
        this.statistics = new RunStatistics(config.trainer().batchSize());
    }

    public static void main(String[] arguments) throws IOException {
        Path images = Path.of(arguments[0]);
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4;
        int steps = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 40;
        Check.check(rounds > 1, "ROUNDS must be at least 2, as the first is not counted, but was %d", rounds);
        Path folder = Files.createTempDirectory("millrace-bench-");
        List<String> assignments = new ArrayList<>(List.of("run.data=" + folder, "run.name=bench"));
        assignments.addAll(Arrays.asList(arguments).subList(Math.min(3, arguments.length), arguments.length));
        MillraceConfig config = new ConfigLoader().assignments(assignments).load();
        new EndToEnd(config, steps).run(images, rounds, folder);
    }

    private void run(Path images, int rounds, Path folder) {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder, config.broker(), "bench")) {
            KafkaSettings kafka = new KafkaSettings(broker.bootstrapServers(), Map.of());
            push(images, (long) rounds * (steps + 8) * config.trainer().batchSize(), kafka);
            List<Double> ratios = new ArrayList<>();
            for (int round = 1; round <= rounds; round++) {
                Speed fromMemory = fromMemory();
                Speed fromKafka = fromKafka(kafka, (long) round * steps);
                double ratio = fromKafka.imagesPerSecond() / fromMemory.imagesPerSecond();
                if (round > 1) { // in the first one Java's compilers take part of the cores
                    ratios.add(ratio);
                }
                print("round %d: from memory %s, from Kafka %s, ratio %.3f", round, fromMemory, fromKafka, ratio);
            }
            Collections.sort(ratios);
            print(
                    "ratio: median %.3f, lowest %.3f, highest %.3f of %d rounds of %d steps, the first round left out",
                    ratios.get(ratios.size() / 2), ratios.get(0), ratios.get(ratios.size() - 1), ratios.size(), steps);
            print("median time of each stage of a step from Kafka, ms (fetch to views overlap the step before):");
            statistics.stageMillis().forEach((stage, millis) -> print("  %-9s %8.2f", stage, millis));
        }
    }

    private void push(Path images, long count, KafkaSettings kafka) {
        try (TopicSetup topics = new TopicSetup(kafka)) {
            topics.ensureImages(config.images());
        }
        PushRequest request = PushRequest.of(List.of(images.toString()), PushRequest.Target.IMAGES)
                .withLabels(new Labels.None())
                .withRepeat(1_000)
                .withLimit(count);
        try (var producer =
                new KafkaProducer<byte[], byte[]>(kafka.producer(ImagePusher.producerNeeds(config.images())))) {
            ImagePusher.push(request, producer, config.images(), PushProgress.SILENT, InputStream.nullInputStream());
        }
    }

    private Speed fromKafka(KafkaSettings kafka, long lastStep) {
        List<Moment> times = new ArrayList<>();
        TrainerEvents events = new StepTimes(times, statistics);
        try (Trainer trainer = new Trainer(config, kafka, events, Clock.systemUTC())) {
            trainer.run(new TrainLimits(OptionalLong.of(lastStep), false));
        }
        return rate(times);
    }

    private Speed fromMemory() {
        List<Moment> times = new ArrayList<>();
        var settings = new KeyStoreSettings(
                "images", config.head().output(), config.moco().queueSize());
        Torch torch = Torch.start(config.run());
        ViewBuffers views = MemoryBatch.views(config);
        List<ImageOffset> images = MemoryBatch.images(config.trainer().batchSize());
        List<Optional<ImageId>> ids = Collections.nCopies(images.size(), Optional.empty());
        try (KeyStore keys = settings.openInMemory();
                Learner learner = new Learner(config, torch, keys)) {
            for (int step = 1; step <= steps; step++) {
                var unused = learner.step(step, views, images, ids, new StageClock(System::nanoTime));
                times.add(Moment.now());
            }
        }
        return rate(times);
    }

    private Speed rate(List<Moment> times) {
        Moment first = times.get(SETTLING);
        Moment last = times.get(times.size() - 1);
        double steps = times.size() - 1.0 - SETTLING;
        return new Speed(
                steps * config.trainer().batchSize() * 1e9 / (last.nanos() - first.nanos()),
                (last.processor() - first.processor()) / 1e6 / steps,
                (last.ownProcessor() - first.ownProcessor()) / 1e6 / steps);
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }

    /** @param processor nanoseconds of processor time of the process, of which {@code ownProcessor} by the thread that trains */
    private record Moment(long nanos, long processor, long ownProcessor) {
        static Moment now() {
            return new Moment(
                    System.nanoTime(),
                    MACHINE.getProcessCpuTime(),
                    ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
        }
    }

    private record Speed(double imagesPerSecond, double processorMillis, double ownMillis) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%.1f images/s (%.0f ms of CPU a step, %.0f of the training thread)",
                    imagesPerSecond,
                    processorMillis,
                    ownMillis);
        }
    }

    private static final class StepTimes extends Silence {
        private final List<Moment> times;
        private final RunStatistics statistics;

        StepTimes(List<Moment> times, RunStatistics statistics) {
            this.times = times;
            this.statistics = statistics;
        }

        @Override
        public void stepped(StepDone done) {
            times.add(Moment.now());
            statistics.add(done, System.nanoTime());
        }
    }
}
