package org.millrace.bench;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.millrace.contract.image.ImageFormat;
import org.millrace.contract.image.ImageGate;
import org.millrace.contract.image.UnsoundImageException;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Reduction;
import org.millrace.encoder.image.UndecodableImageException;

/**
 * Judges and decodes mutated images until the time is over or there were enough: each is decoded or refused with a reason, and nothing else happens. Image i of a seed is
 * the same in every run.
 */
final class ImageFuzz {
    private static final int MAX_PIXELS = 4 << 20;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final long NANOS_IN_SECOND = 1_000_000_000L;

    private final List<byte[]> sources;
    private final long seed;
    private final ImageDecoder decoder = new ImageDecoder(3, MAX_PIXELS);
    private final ImageDecoder reducing = new ImageDecoder(3, MAX_PIXELS, new Reduction(1, 1, 1));
    private final Map<String, Long> refused = new TreeMap<>();
    private long decoded;
    private long reduced;
    private long refusedReduced;
    private long late; // passed by the door, and refused by the decoder
    private long early; // refused by the door, and decoded
    private long slowestNanos;
    private long slowest = -1;

    ImageFuzz(List<byte[]> sources, long seed) {
        this.sources = sources;
        this.seed = seed;
    }

    /**
     * @param arguments images.zip, seconds, seed, file for the number of the image in hand, and the most images where there is a limit; or
     *     images.zip, "write", seed, number, file to write that image to
     */
    public static void main(String[] arguments) throws IOException {
        List<byte[]> sources = sources(Path.of(arguments[0]));
        if (arguments[1].equals("write")) {
            ImageFuzz fuzz = new ImageFuzz(sources, Long.parseLong(arguments[2]));
            Files.write(Path.of(arguments[4]), fuzz.image(Long.parseLong(arguments[3])));
            return;
        }
        ImageFuzz fuzz = new ImageFuzz(sources, Long.parseLong(arguments[2]));
        try (FileChannel channel = FileChannel.open(
                Path.of(arguments[3]), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer inHand = channel.map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES);
            long end = System.nanoTime() + Long.parseLong(arguments[1]) * NANOS_IN_SECOND;
            long most = arguments.length > 4 ? Long.parseLong(arguments[4]) : Long.MAX_VALUE;
            for (long i = 0; i < most && System.nanoTime() < end; i++) {
                inHand.putLong(0, i);
                fuzz.decode(i);
            }
        }
        System.out.print(fuzz.report());
    }

    /** The images of a zip file. */
    static List<byte[]> sources(Path path) throws IOException {
        List<byte[]> files = new ArrayList<>();
        try (InputStream in = Files.newInputStream(path);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (!entry.getName().endsWith(".csv")) {
                    files.add(zip.readAllBytes());
                }
            }
        }
        return files;
    }

    byte[] image(long number) {
        return new ImageMutations(sources, new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number)).next();
    }

    /** Throws what a decoder may not throw. */
    void decode(long number) {
        byte[] file = image(number);
        boolean passes = passes(file);
        long start = THREADS.getCurrentThreadCpuTime();
        try {
            if (isJpeg(file)) {
                decodeReduced(file);
            }
            decoder.decode(file);
            decoded++;
            early += passes ? 0 : 1;
        } catch (UndecodableImageException e) {
            refused.merge(kind(e.reason()), 1L, Long::sum);
            late += passes ? 1 : 0;
        } catch (RuntimeException e) {
            throw new IllegalStateException("image " + number + " of seed " + seed, e);
        }
        long nanos = THREADS.getCurrentThreadCpuTime() - start;
        if (nanos > slowestNanos) {
            slowestNanos = nanos;
            slowest = number;
        }
    }

    private static boolean passes(byte[] file) {
        try {
            var unused = ImageGate.judgeWhole(file, MAX_PIXELS);
            return true;
        } catch (UnsoundImageException e) {
            return false;
        }
    }

    // first, as in the trainer: libjpeg-turbo sees what the JDK's reader would refuse
    private void decodeReduced(byte[] file) {
        try {
            var unused = reducing.decode(file);
            reduced++;
        } catch (UndecodableImageException e) {
            refusedReduced++;
        }
    }

    private static boolean isJpeg(byte[] file) {
        return ImageFormat.of(file).equals(Optional.of(ImageFormat.JPEG));
    }

    long decoded() {
        return decoded;
    }

    Map<String, Long> refused() {
        return refused;
    }

    String report() {
        long count =
                decoded + refused.values().stream().mapToLong(Long::longValue).sum();
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT, "JPEGs at an eighth of their size: %,d decoded, %,d refused%n", reduced, refusedReduced));
        text.append(String.format(
                Locale.ROOT,
                "the door passes %,d that the decoder refuses, and refuses %,d that it decodes%n",
                late,
                early));
        text.append(String.format(
                Locale.ROOT,
                "seed %d: %,d images, %,d decoded, %,d refused; heap %d MB, images.max-pixels %,d; slowest: number %d, %,d ms of the processor%n",
                seed,
                count,
                decoded,
                count - decoded,
                Runtime.getRuntime().maxMemory() >> 20,
                MAX_PIXELS,
                slowest,
                slowestNanos / 1_000_000));
        refused.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .forEach(entry ->
                        text.append(String.format(Locale.ROOT, "  %,9d %s%n", entry.getValue(), entry.getKey())));
        return text.toString();
    }

    /** The reason without its particulars. */
    private static String kind(String reason) {
        String words = reason.replaceAll("[0-9a-f]*[0-9][0-9a-f]*", "N").replaceAll("'[^']*'", "'…'");
        return words.length() > 90 ? words.substring(0, 90) + "…" : words;
    }
}
