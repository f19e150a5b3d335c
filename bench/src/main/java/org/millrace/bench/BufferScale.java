package org.millrace.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.Folders;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.gate.GateContent;
import org.millrace.trainer.run.RunFolders;
import org.millrace.trainer.run.RunImages;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.ReplayContent;
import org.millrace.trainer.stream.StoredImage;

/**
 * A replay buffer of many large images: {@code bench/run buffer FOLDER [IMAGES] [BYTES] [DRAWS] [key=value …]}. Random files, {@code IMAGES}
 * (65,536) of {@code BYTES} (100,000) each, are put into the image store; then printed: heap after a collection, size of a checkpoint's
 * buffer, bytes on disk, and the time of a draw of a batch with its files, first as the page cache is after writing, then again and again
 * of the same batch, which is in it. The folder needs room for all of it and is deleted.
 */
final class BufferScale {
    private static final int BATCH = 128;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private BufferScale() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createTempDirectory(Path.of(arguments[0]), "millrace-buffer-");
        int images = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 65_536;
        int bytes = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 100_000;
        int draws = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 200;
        List<String> settings =
                new ArrayList<>(List.of("run.data=" + folder, "replay.policy=reservoir", "replay.capacity=" + images));
        settings.addAll(Arrays.asList(arguments).subList(Math.min(4, arguments.length), arguments.length));
        MillraceConfig config = new ConfigLoader().assignments(settings).load();
        try {
            measure(config, images, bytes, draws);
        } finally {
            Folders.delete(folder);
        }
    }

    private static void measure(MillraceConfig config, int images, int bytes, int draws) throws IOException {
        print("load average before: %.1f", load());
        long heapBefore = heapBytes();
        ReplayBuffer buffer = ReplayBuffer.of(config);
        try (ImageStore store = RunImages.open(config).orElseThrow()) {
            long start = System.nanoTime();
            buffer.restore(filled(images, bytes, store), images);
            store.sync();
            double seconds = (System.nanoTime() - start) / 1e9;
            print(
                    "put %,d files of %,d bytes: %.0f s, %.0f MB/s",
                    images, bytes, seconds, images * (bytes / 1e6) / seconds);
            print("heap: %.1f MB more than before", (heapBytes() - heapBefore) / 1e6);
            print("image store on disk: %,d MB", store.diskBytes() / 1_000_000);
            checkpoint(config, buffer);
            print("load average: %.1f", load());
            List<ReplayContent.Kept> all = buffer.content().images();
            print("draw of %d, other ones each time: %s", BATCH, times(all, draws, store, true));
            print("draw of %d, the same again:       %s", BATCH, times(all, draws, store, false));
            print("load average after: %.1f", load());
        }
    }

    private static ReplayContent filled(int images, int bytes, ImageStore store) {
        List<ReplayContent.Kept> kept = new ArrayList<>();
        byte[] file = new byte[bytes];
        CounterRandom random = CounterRandom.of(1, 0, Purpose.SHUFFLE, 0);
        for (int i = 0; i < bytes; i++) {
            file[i] = (byte) random.nextInt(256);
        }
        for (int offset = 0; offset < images; offset++) {
            for (int i = 0; i < bytes; i += 512) { // no two files have a block in common
                file[i] = (byte) random.nextInt(256);
            }
            String name = "photo-%06d.jpg".formatted(offset);
            StoredImage image = StoredImage.of(new LoggedImage(
                    new ImageOffset(0, offset),
                    offset,
                    Optional.of(new ImageId(name.getBytes(StandardCharsets.UTF_8))),
                    "/pictures/" + name,
                    file));
            store.put(1, image.file(), file);
            kept.add(new ReplayContent.Kept(image, Optional.empty()));
        }
        return new ReplayContent(kept, List.of());
    }

    private static void checkpoint(MillraceConfig config, ReplayBuffer buffer) throws IOException {
        Map<String, String> configuration = ConfigLoader.effective(config);
        var state = new RunState(
                RunState.SCHEMA,
                config.run().name(),
                1,
                Map.of(),
                Map.of(),
                new LogIdentity("", ""),
                0,
                0,
                0,
                0,
                buffer.offered(),
                Optional.empty(),
                List.of(),
                "",
                configuration,
                RunState.digest(configuration),
                Clock.systemUTC().millis(),
                Map.of());
        var weights = new Safetensors.Builder()
                .add("w", new long[] {1}, new float[] {1})
                .build();
        CheckpointFolder folder = RunFolders.checkpoints(config);
        long start = System.nanoTime();
        folder.write(new Checkpoint(state, weights, weights, weights, buffer.content(), GateContent.EMPTY));
        double millis = (System.nanoTime() - start) / 1e6;
        long size = 0;
        try (Stream<Path> tree = Files.walk(config.run().folder().resolve("checkpoints"))) {
            for (Path file : tree.filter(Files::isRegularFile).toList()) {
                size += Files.size(file);
            }
        }
        print("checkpoint without weights: %.1f MB, written in %.0f ms", size / 1e6, millis);
        start = System.nanoTime();
        int needed = folder.neededFiles().size();
        print("files that the checkpoint needs: %,d, read in %.0f ms", needed, (System.nanoTime() - start) / 1e6);
    }

    // the file of each, read and checked, one after the other on this thread
    private static String times(List<ReplayContent.Kept> all, int draws, ImageStore store, boolean others) {
        double[] millis = new double[draws];
        double[] cpu = new double[draws]; // of this thread: what the draw itself costs, whatever else runs
        for (int draw = 0; draw < draws; draw++) {
            CounterRandom random = CounterRandom.of(1, others ? draw : 0, Purpose.BUFFER_DRAW, 0);
            long start = System.nanoTime();
            long startCpu = THREADS.getCurrentThreadCpuTime();
            for (int i = 0; i < BATCH; i++) {
                StoredImage image = all.get(random.nextInt(all.size())).image();
                if (store.get(image.file()).length != image.file().length()) {
                    throw new IllegalStateException("a file of another length");
                }
            }
            cpu[draw] = (THREADS.getCurrentThreadCpuTime() - startCpu) / 1e6;
            millis[draw] = (System.nanoTime() - start) / 1e6;
        }
        double first = millis[0];
        Arrays.sort(millis);
        Arrays.sort(cpu);
        return String.format(
                Locale.ROOT,
                "median %.1f ms, p99 %.1f, first %.1f; of processor time median %.1f, p99 %.1f",
                millis[draws / 2],
                millis[draws * 99 / 100],
                first,
                cpu[draws / 2],
                cpu[draws * 99 / 100]);
    }

    private static long heapBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
