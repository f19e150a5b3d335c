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
import java.util.stream.IntStream;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.run.RunImages;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.ReplayContent;
import org.millrace.trainer.stream.StoredImage;

/**
 * What a step costs as one thing grows: {@code bench/run growth [queue|dimension|buffer|partitions,…] [STEPS] [VALUE,…|usual] [key=value
 * …]}. {@code queue}: keys of MoCo's dictionary; {@code dimension}: length of a key; both of the whole step, from memory. {@code buffer}:
 * images in a full reservoir; {@code partitions}: of the topic; both of the preparation, as processor time.
 */
final class CostGrowth {
    private static final OperatingSystemMXBean MACHINE =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final int SIDE = 32;

    private CostGrowth() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<String> subjects = MemoryUse.words(arguments, 0, "queue,dimension,buffer,partitions");
        int steps = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 30;
        String values = arguments.length > 2 ? arguments[2] : "usual";
        List<String> more = Arrays.asList(arguments).subList(Math.min(3, arguments.length), arguments.length);
        Path data = Files.createTempDirectory("millrace-bench-");
        for (String subject : subjects) {
            String usual = switch (subject) {
                case "queue" -> "4096,16384,65536,262144,1048576";
                case "dimension" -> "128,256,512,1024,2048";
                case "buffer" -> "1024,32768,1048576";
                case "partitions" -> "1,4,16,64";
                default ->
                    throw new IllegalArgumentException(
                            "wanted queue, dimension, buffer or partitions, but got " + subject);
            };
            List<Integer> sizes = Arrays.stream((values.equals("usual") ? usual : values).split(",", -1))
                    .map(Integer::valueOf)
                    .toList();
            List<String> base = new ArrayList<>(List.of("run.data=" + data));
            base.addAll(more);
            if (subject.equals("queue") || subject.equals("dimension")) {
                steps(subject, sizes, steps, base);
            } else {
                preparation(subject, sizes, steps, base);
            }
        }
    }

    private static void steps(String subject, List<Integer> sizes, int steps, List<String> base)
            throws IOException, InterruptedException {
        print("%-10s %9s %10s %10s %10s", "step by", subject, "ms a step", "images/s", "peak MiB");
        for (int size : sizes) {
            List<String> assignments = new ArrayList<>(base);
            assignments.add((subject.equals("queue") ? "moco.queue-size=" : "head.output=") + size);
            var answer = StepFigures.ask(StepFigures.Plan.fromMemory(2, steps), assignments);
            print("%-10s %9d %s", "", size, answer.value().map(StepFigures::row).orElse(answer.problem()));
        }
    }

    // one record after the other and one thread: processor time a step is then the cost itself, whatever else runs
    private static void preparation(String subject, List<Integer> sizes, int steps, List<String> base)
            throws IOException, InterruptedException {
        byte[] file = Photographs.jpeg(SIDE, SIDE);
        print("%-10s %9s %10s", "views by", subject, "CPU ms a step");
        for (int round = 0; round < 2; round++) { // the first warms the compiler
            for (int size : sizes) {
                List<String> assignments = new ArrayList<>(base);
                assignments.add("trainer.prepare-threads=1");
                if (subject.equals("buffer")) {
                    assignments.addAll(List.of(
                            "replay.policy=reservoir", "replay.capacity=" + size, "replay.updates-per-batch=2"));
                }
                MillraceConfig config =
                        new ConfigLoader().assignments(assignments).load();
                ReplayBuffer buffer = ReplayBuffer.of(config);
                Optional<ImageStore> images = RunImages.open(config);
                if (subject.equals("buffer")) {
                    buffer.restore(full(size, file, images.orElseThrow()), size);
                }
                double millis = cpuMillis(config, file, subject.equals("partitions") ? size : 1, buffer, images, steps);
                images.ifPresent(ImageStore::close);
                if (round > 0) {
                    print("%-10s %9d %10.2f", "", size, millis);
                }
            }
        }
    }

    private static ReplayContent full(int size, byte[] file, ImageStore images) {
        return new ReplayContent(
                IntStream.range(0, size)
                        .mapToObj(offset -> StoredImage.of(new LoggedImage(new ImageOffset(1, offset), 0, "", file)))
                        .peek(image -> images.put(0, image.file(), file))
                        .map(image -> new ReplayContent.Kept(image, Optional.empty()))
                        .toList(),
                List.of());
    }

    private static double cpuMillis(
            MillraceConfig config,
            byte[] file,
            int partitions,
            ReplayBuffer buffer,
            Optional<ImageStore> images,
            int steps)
            throws InterruptedException {
        int records = (steps + 8) * config.trainer().batchSize();
        try (Pipeline pipeline = PreparationSpeed.pipeline(config, file, records, partitions, buffer, images)) {
            PreparationSpeed.await(pipeline);
            long cpu = MACHINE.getProcessCpuTime();
            for (int step = 0; step < steps; step++) {
                PreparationSpeed.await(pipeline);
            }
            return (MACHINE.getProcessCpuTime() - cpu) / 1e6 / steps;
        }
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
