package org.millrace.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.gate.Gate;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.run.RunImages;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PlanSource;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StreamEvents;
import org.millrace.trainer.stream.StreamPosition;
import org.millrace.trainer.stream.StreamState;

/**
 * What the trainer's pipeline prepares when nothing waits for it to train: {@code bench/run preparation [ROUNDS] [THREADS,…] [key=value …]}.
 * Records come from memory; gate, decoder, plans and views are the trainer's. The first round is not counted; the others are interleaved.
 */
final class PreparationSpeed {
    private static final OperatingSystemMXBean MACHINE =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** A kind of image, and how much of it makes a measurement of seconds. */
    private record Case(String name, int width, int height, int view, int batch, int steps, String scale) {}

    private static final List<Case> CASES = List.of(
            new Case("32² from 32×32", 32, 32, 32, 128, 200, "full"),
            new Case("224² from 500×375", 500, 375, 224, 32, 8, "full"),
            new Case("224² from 4000×3000", 4000, 3000, 224, 16, 2, "full"),
            new Case("224² from 4000×3000, dct", 4000, 3000, 224, 16, 8, "dct"));

    private record Measured(double imagesPerSecond, double cpuMillisPerView) {}

    private PreparationSpeed() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
        String cores = "1," + Runtime.getRuntime().availableProcessors();
        List<Integer> threads = Arrays.stream((arguments.length > 1 ? arguments[1] : cores).split(",", -1))
                .map(Integer::valueOf)
                .toList();
        List<String> more = Arrays.asList(arguments).subList(Math.min(2, arguments.length), arguments.length);
        print("load %.1f on %d cores", MACHINE.getSystemLoadAverage(), MACHINE.getAvailableProcessors());
        print("%-26s %8s %10s %16s %8s", "views from JPEGs", "threads", "images/s", "CPU ms a view", "ratio");
        Path folder = Files.createTempDirectory("millrace-bench-");
        for (Case kind : CASES) {
            byte[] file = Photographs.jpeg(kind.width(), kind.height());
            List<List<Measured>> all = new ArrayList<>();
            threads.forEach(count -> all.add(new ArrayList<>()));
            for (int round = 0; round <= rounds; round++) {
                for (int i = 0; i < threads.size(); i++) {
                    Measured measured = measure(kind, file, config(kind, threads.get(i), folder, more));
                    if (round > 0) {
                        all.get(i).add(measured);
                    }
                }
            }
            double first = rate(all.get(0));
            for (int i = 0; i < threads.size(); i++) {
                double rate = rate(all.get(i));
                double cpu = median(
                        all.get(i).stream().map(Measured::cpuMillisPerView).toList());
                print("%-26s %8d %10.1f %16.3f %8.2f", kind.name(), threads.get(i), rate, cpu, rate / first);
            }
        }
    }

    private static MillraceConfig config(Case kind, int threads, Path folder, List<String> more) {
        List<String> assignments = new ArrayList<>(List.of(
                "run.data=" + folder,
                "encoder.height=" + kind.view(),
                "encoder.width=" + kind.view(),
                "trainer.batch-size=" + kind.batch(),
                "trainer.prepare-threads=" + threads,
                "images.decode-scale=" + kind.scale()));
        assignments.addAll(more);
        return new ConfigLoader().assignments(assignments).load();
    }

    private static Measured measure(Case kind, byte[] file, MillraceConfig config) throws InterruptedException {
        int batch = config.trainer().batchSize();
        Optional<ImageStore> images = RunImages.open(config);
        try (Pipeline pipeline =
                pipeline(config, file, (kind.steps() + 8) * batch, 1, ReplayBuffer.of(config), images)) {
            await(pipeline); // one step to settle
            long start = System.nanoTime();
            long cpu = MACHINE.getProcessCpuTime();
            for (int step = 0; step < kind.steps(); step++) {
                await(pipeline);
            }
            double trained = (double) kind.steps() * batch;
            return new Measured(
                    trained * 1e9 / (System.nanoTime() - start),
                    (MACHINE.getProcessCpuTime() - cpu) / 1e6 / trained / 2);
        } finally {
            images.ifPresent(ImageStore::close);
        }
    }

    static void await(Pipeline pipeline) throws InterruptedException {
        PreparedStep step = pipeline.next(() -> false).orElseThrow();
        pipeline.release(step.views());
    }

    /** A pipeline over that many records of one file in memory, spread over the partitions in turn; started. */
    static Pipeline pipeline(
            MillraceConfig config,
            byte[] file,
            int records,
            int partitions,
            ReplayBuffer buffer,
            Optional<ImageStore> images) {
        String topic = config.images().topic();
        var consumer = new MockConsumer<byte[], byte[]>("none");
        List<TopicPartition> all = IntStream.range(0, partitions)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
        consumer.updatePartitions(
                topic,
                all.stream()
                        .map(partition -> new PartitionInfo(topic, partition.partition(), null, null, null))
                        .toList());
        consumer.updateBeginningOffsets(all.stream().collect(Collectors.toMap(partition -> partition, any -> 0L)));
        consumer.setMaxPollRecords(config.trainer().batchSize());
        consumer.assign(all);
        for (int i = 0; i < records; i++) {
            consumer.addRecord(new ConsumerRecord<>(topic, i % partitions, i / partitions, new byte[0], file));
        }
        return new Pipeline(
                        config,
                        consumer,
                        new StreamState(StreamPosition.START, buffer, images, new Gate(config)),
                        PlanSource.ofStream(Past.NONE, plan -> CompletableFuture.completedFuture(plan.step())),
                        StreamEvents.NONE)
                .start();
    }

    private static double rate(List<Measured> measured) {
        return median(measured.stream().map(Measured::imagesPerSecond).toList());
    }

    static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
