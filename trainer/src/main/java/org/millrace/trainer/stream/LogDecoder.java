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
import java.util.function.Predicate;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.DecodeTrial;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes images of the log and survives those that end the process. {@code decoding} in the run's folder names the image in hand; one
 * that a process ended on is tried in a process of its own at the next start, and where that ends too, or the third process in a row has
 * ended, it is rejected now and whenever the step is computed again: {@code poisoned-images} lists it. Not thread safe.
 */
final class LogDecoder {
    private static final Logger log = LoggerFactory.getLogger(LogDecoder.class);
    private static final String MARKER = "decoding";
    private static final String LIST = "poisoned-images";
    private static final int MOST_DEATHS = 3;
    private static final String REASON =
            "the process that decoded it ended; it is left out from now on (" + LIST + " in the run's folder)";

    private final ImageDecoder decoder;
    private final Path list;
    private final Optional<DecodeMarker> marker;
    private final Predicate<byte[]> survives;
    private final Set<ImageOffset> poisoned;
    private Optional<ImageOffset> suspect;

    private LogDecoder(ImageDecoder decoder, Path folder, Optional<DecodeMarker> marker, Predicate<byte[]> survives) {
        this.decoder = decoder;
        this.list = folder.resolve(LIST);
        this.marker = marker;
        this.survives = survives;
        this.poisoned = read(list);
        this.suspect = marker.flatMap(DecodeMarker::suspect);
    }

    /** The run's own, of its trainer alone. */
    static LogDecoder ofTrainer(MillraceConfig config) {
        int channels = config.encoder().channels();
        int maxPixels = config.images().maxPixels();
        long heapBytes = Runtime.getRuntime().maxMemory();
        return guarded(
                new ImageDecoder(channels, maxPixels),
                config.run().folder(),
                file -> DecodeTrial.survives(file, channels, maxPixels, heapBytes));
    }

    /** @param survives whether a process that decodes the file lives on */
    static LogDecoder guarded(ImageDecoder decoder, Path folder, Predicate<byte[]> survives) {
        return new LogDecoder(decoder, folder, Optional.of(DecodeMarker.open(folder.resolve(MARKER))), survives);
    }

    /** One that computes steps again: it leaves out what the run's trainer left out, and writes nothing. */
    static LogDecoder reading(ImageDecoder decoder, Path folder) {
        return new LogDecoder(decoder, folder, Optional.empty(), file -> true);
    }

    Pixels decode(ImageOffset at, byte[] file) throws UndecodableImageException {
        if (suspect.isPresent() && suspect.get().equals(at)) {
            suspect = Optional.empty();
            tryApart(at, file);
        }
        if (poisoned.contains(at)) {
            throw new UndecodableImageException(REASON);
        }
        marker.ifPresent(present -> present.begin(at));
        try {
            return decoder.decode(file);
        } finally {
            marker.ifPresent(DecodeMarker::end);
        }
    }

    private void tryApart(ImageOffset at, byte[] file) {
        log.warn("the process before ended while it decoded image {}; trying it in a process of its own", at);
        if (marker.orElseThrow().deaths() < MOST_DEATHS && survives.test(file)) {
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
        marker.orElseThrow().end();
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
