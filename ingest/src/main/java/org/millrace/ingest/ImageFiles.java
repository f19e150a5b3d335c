package org.millrace.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.UserException;

/** Reads images from files into this process, from the same sources as a push, with the same ids and labels; none goes to Kafka. */
public final class ImageFiles {
    private static final String PUSH = "push: ";

    private ImageFiles() {}

    /** One image; the id is the one that a push would give it. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Image(String id, Optional<String> label, byte[] file) {}

    /** Is handed every file, in the order of the paths, on the reading thread. */
    public interface Taker {
        void image(Image image);

        /**
         * A file that is left out.
         *
         * @param position {@code path[!entry]}
         * @param kind of the reason, in few words
         */
        void leftOut(String position, String kind, String reason);
    }

    /**
     * Hands on every file of the paths. An interrupt ends it with an exception.
     *
     * @param maxBytes larger files are left out
     * @throws UserException if a source or its labels cannot be read
     */
    public static void read(List<String> paths, Labels labels, int maxBytes, Taker taker) {
        PushRequest request = PushRequest.of(paths, PushRequest.Target.IMAGES).withLabels(labels);
        tellingPaths(paths, () -> {
            Labeller labeller = Labeller.of(request.labels());
            List<ImageSource> sources = ImageSources.of(request, InputStream.nullInputStream());
            try (EntryFeed feed = EntryFeed.open(request, sources, labeller, maxBytes, 0);
                    EntryReader entries = feed.pass(0, 0)) {
                for (Optional<SourceEntry> next = entries.next(); next.isPresent(); next = entries.next()) {
                    if (Thread.currentThread().isInterrupted()) {
                        throw new InterruptedException();
                    }
                    SourceEntry entry = next.get();
                    Judged judged = Judged.of(entry, maxBytes);
                    Optional<String> label = labeller.labelOf(entry);
                    if (judged.verdict() instanceof Rejection rejection) {
                        taker.leftOut(
                                Names.shown(entry.origin().position()),
                                rejection.kind().words(),
                                rejection.reason());
                    } else {
                        taker.image(new Image(
                                entry.origin().id(), label, judged.content().bytes()));
                    }
                }
            }
        });
    }

    /** How many files the paths hold, where they can be counted without reading them. */
    public static OptionalLong count(List<String> paths) {
        PushRequest request = PushRequest.of(paths, PushRequest.Target.IMAGES);
        long[] files = {0};
        tellingPaths(paths, () -> {
            for (ImageSource source : ImageSources.of(request, InputStream.nullInputStream())) {
                if (source instanceof TarSource tar && !tar.readInAnyOrder()) {
                    files[0] = -1;
                    return;
                }
                try (EntryReader entries = source.open()) {
                    while (entries.next().isPresent()) {
                        files[0]++;
                    }
                }
            }
        });
        return files[0] < 0 ? OptionalLong.empty() : OptionalLong.of(files[0]);
    }

    private interface Reading {
        void run() throws IOException, InterruptedException;
    }

    private static void tellingPaths(List<String> paths, Reading reading) {
        try {
            reading.run();
        } catch (IOException e) {
            throw new UserException(
                    withoutPush(e instanceof SourceException ? String.valueOf(e.getMessage()) : FileReading.why(e)), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserException("stopped while reading " + paths, e);
        } catch (UserException e) {
            throw new UserException(withoutPush(String.valueOf(e.getMessage())), e);
        }
    }

    /** The sources' messages begin with the command that they were written for. */
    private static String withoutPush(String message) {
        return message.startsWith(PUSH) ? message.substring(PUSH.length()) : message;
    }
}
