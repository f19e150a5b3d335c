package org.millrace.trainer.stream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.DecodeTrial;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.Reduction;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.trainer.view.ViewMaker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes images of the log and survives those that end the process. {@code decoding} in the run's folder names the images in hand; one
 * that a process ended on is tried in a process of its own at the next start, then decoded while nothing else is. Where its trial ends
 * too, or a third process has ended on it, it is rejected now and whenever the step is computed again: {@code poisoned-images} lists it.
 * Thread safe, where each worker is one thread.
 */
final class LogDecoder {
    private static final Logger log = LoggerFactory.getLogger(LogDecoder.class);
    private static final String MARKER = "decoding";
    private static final String LIST = "poisoned-images";
    private static final int MOST_DEATHS = 3;
    private static final String REASON =
            "the process that decoded it ended; it is left out from now on (" + LIST + " in the run's folder)";

    private final List<ImageDecoder> decoders; // by worker
    private final Path list;
    private final Optional<DecodeMarker> marker;
    private final Predicate<byte[]> survives;
    private final Set<ImageOffset> poisoned; // changes under the write lock
    private final ReadWriteLock decoding = new ReentrantReadWriteLock(); // for writing: nothing else is decoded

    private LogDecoder(
            List<ImageDecoder> decoders, Path folder, Optional<DecodeMarker> marker, Predicate<byte[]> survives) {
        this.decoders = decoders;
        this.list = folder.resolve(LIST);
        this.marker = marker;
        this.survives = survives;
        this.poisoned = read(list);
    }

    /** The run's own, of its trainer alone. */
    static LogDecoder ofTrainer(MillraceConfig config) {
        int channels = config.encoder().channels();
        int maxPixels = config.images().maxPixels();
        Reduction reduction = ViewMaker.reduction(config);
        long heapBytes = Runtime.getRuntime().maxMemory();
        return guarded(
                decoders(config),
                config.run().folder(),
                file -> DecodeTrial.survives(file, channels, maxPixels, reduction, heapBytes));
    }

    /** One that computes steps again: it leaves out what the run's trainer left out, and writes nothing. */
    static LogDecoder reading(MillraceConfig config) {
        return new LogDecoder(decoders(config), config.run().folder(), Optional.empty(), file -> true);
    }

    /**
     * @param decoders one for each worker
     * @param survives whether a process that decodes the file lives on
     */
    static LogDecoder guarded(List<ImageDecoder> decoders, Path folder, Predicate<byte[]> survives) {
        DecodeMarker marker = DecodeMarker.open(folder.resolve(MARKER), decoders.size());
        return new LogDecoder(decoders, folder, Optional.of(marker), survives);
    }

    private static List<ImageDecoder> decoders(MillraceConfig config) {
        return Stream.generate(() -> new ImageDecoder(
                        config.encoder().channels(), config.images().maxPixels(), ViewMaker.reduction(config)))
                .limit(config.trainer().effectivePrepareThreads())
                .toList();
    }

    Pixels decode(int worker, ImageOffset at, byte[] file) throws UndecodableImageException {
        Optional<Long> deaths = marker.flatMap(present -> present.deaths(at));
        Lock lock = deaths.isPresent() ? decoding.writeLock() : decoding.readLock();
        lock.lock();
        try {
            if (deaths.isPresent()) {
                tryApart(at, file, deaths.get());
            }
            if (poisoned.contains(at)) {
                throw new UndecodableImageException(REASON);
            }
            marker.ifPresent(present -> present.begin(worker, at));
            return decoders.get(worker).decode(file);
        } finally {
            marker.ifPresent(present -> present.end(worker));
            lock.unlock();
        }
    }

    private void tryApart(ImageOffset at, byte[] file, long deaths) {
        log.warn(
                "a process before ended while it decoded the image at offset {} of partition {}; trying it in a process of its own",
                at.offset(),
                at.partition());
        if (deaths < MOST_DEATHS && survives.test(file)) {
            return;
        }
        poisoned.add(at);
        try {
            Files.writeString(
                    list,
                    at.partition() + "/" + at.offset() + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND,
                    StandardOpenOption.DSYNC);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        marker.orElseThrow().acquit(at);
    }

    private static Set<ImageOffset> read(Path list) {
        Set<ImageOffset> images = new HashSet<>();
        try {
            for (String line : Files.exists(list) ? Files.readAllLines(list) : List.<String>of()) {
                if (line.matches("\\d{1,9}/\\d{1,18}")) { // the last may be cut
                    String[] parts = line.split("/", 2);
                    images.add(new ImageOffset(Integer.parseInt(parts[0]), Long.parseLong(parts[1])));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return images;
    }
}
