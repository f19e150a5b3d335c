package org.millrace.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.millrace.contract.UserException;

/** Reads labelled images from files into this process, from the same sources as a push and with the same labels; none goes to Kafka. */
public final class LabelledFiles {
    private static final String PUSH = "push: ";

    private LabelledFiles() {}

    /** One image with its label; the id is the one that a push would give it. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Image(String id, String label, byte[] file) {}

    /**
     * Hands on every labelled image of the paths, in their order.
     *
     * @param maxBytes larger files are left out
     * @return how many files were left out for each reason, in words
     * @throws UserException if a source or its labels cannot be read
     */
    public static Map<String, Long> read(List<String> paths, Labels labels, int maxBytes, Consumer<Image> taker) {
        PushRequest request = PushRequest.of(paths, PushRequest.Target.PROBE).withLabels(labels);
        try {
            return read(request, maxBytes, taker);
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

    private static Map<String, Long> read(PushRequest request, int maxBytes, Consumer<Image> taker)
            throws IOException, InterruptedException {
        Map<Rejection.Kind, Long> leftOut = new EnumMap<>(Rejection.Kind.class);
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
                    leftOut.merge(rejection.kind(), 1L, Long::sum);
                } else if (label.isEmpty()) {
                    leftOut.merge(Rejection.Kind.NO_LABEL, 1L, Long::sum);
                } else {
                    taker.accept(new Image(
                            entry.origin().id(), label.get(), judged.content().bytes()));
                }
            }
        }
        return leftOut.entrySet().stream()
                .collect(Collectors.toMap(entry -> entry.getKey().words(), Map.Entry::getValue));
    }

    /** The sources' messages begin with the command that they were written for. */
    private static String withoutPush(String message) {
        return message.startsWith(PUSH) ? message.substring(PUSH.length()) : message;
    }
}
