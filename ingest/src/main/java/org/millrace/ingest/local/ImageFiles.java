package org.millrace.ingest.local;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.gate.Judged;
import org.millrace.ingest.gate.Rejection;
import org.millrace.ingest.label.LabelledSources;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.EntrySequence;
import org.millrace.ingest.source.FileReading;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.Names;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.SourceException;

/** Reads images of the same sources as a push into this process, with the same ids and labels; none goes to Kafka. */
public final class ImageFiles {
    private static final String PUSH = "push: ";

    private ImageFiles() {}

    /** One image; the id is the one that a push would give it. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Image(String id, Optional<String> label, byte[] file) {}

    /** Receives every file, in the order of the paths, on the reading thread. */
    public interface Taker {
        void image(Image image);

        /**
         * A file that is left out.
         *
         * @param position {@code path[!entry]}
         * @param kind the reason in a few words, the same for all files of that kind
         * @param reason the reason with this file's particulars
         */
        void leftOut(String position, String kind, String reason);
    }

    /**
     * Gives every file of the paths to the taker. An interrupt ends it with an exception.
     *
     * @param images a file over its bounds is left out
     * @throws UserException if a source or its labels cannot be read
     */
    public static void read(List<String> paths, Labels labels, ImagesConfig images, Taker taker) {
        withoutPushInMessages(paths, () -> {
            LabelledSources labelled = sources(paths, labels);
            labelled.labeller().requireMatch(labelled.sources());
            try (EntryReader entries = new EntrySequence(labelled.sources())) {
                for (Optional<SourceEntry> next = entries.next(); next.isPresent(); next = entries.next()) {
                    if (Thread.currentThread().isInterrupted()) {
                        throw new InterruptedException();
                    }
                    SourceEntry entry = next.get();
                    Judged judged = Judged.of(entry, images);
                    Optional<String> label = labelled.labeller().labelOf(entry);
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

    /** How many files the paths hold; empty where counting means decompressing an archive. */
    public static OptionalLong count(List<String> paths) {
        long[] files = {0};
        withoutPushInMessages(paths, () -> {
            for (ImageSource source : sources(paths, new Labels.Automatic()).sources()) {
                OptionalLong count = source.count();
                if (count.isEmpty()) {
                    files[0] = -1;
                    return;
                }
                files[0] += count.getAsLong();
            }
        });
        return files[0] < 0 ? OptionalLong.empty() : OptionalLong.of(files[0]);
    }

    private static LabelledSources sources(List<String> paths, Labels labels) {
        return LabelledSources.of(paths, labels, InputStream.nullInputStream(), false);
    }

    private interface Reading {
        void run() throws IOException, InterruptedException;
    }

    private static void withoutPushInMessages(List<String> paths, Reading reading) {
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
