package org.millrace.ingest.push;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.CounterRandom;
import org.millrace.ingest.label.LabelledSources;
import org.millrace.ingest.label.Labeller;
import org.millrace.ingest.source.Content;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.SourceException;
import org.millrace.ingest.source.UnreadableEntryException;

/**
 * Entries listed and then ordered: shuffled again in each pass, or class after class. What a source can read in any order stays in
 * its file until its turn; the images of compressed tar files and of IDX files are held in memory, up to a bound.
 */
final class OrderedFeed implements EntryFeed {
    private static final int ENTRY_OVERHEAD_BYTES = 256;
    private static final String INTEGER = "\\d{1,18}";

    /** Labels that are numbers by value, then the others by text, unlabelled entries last. */
    private static final Comparator<String> BY_LABEL = Comparator.comparing(String::isEmpty)
            .thenComparing(label -> !label.matches(INTEGER))
            .thenComparingLong(label -> label.matches(INTEGER) ? Long.parseLong(label) : 0)
            .thenComparing(Comparator.naturalOrder());

    private final PushRequest request;
    private final List<EntryReader> readers = new ArrayList<>();
    private final List<SourceEntry> entries = new ArrayList<>();

    private OrderedFeed(PushRequest request) {
        this.request = request;
    }

    static OrderedFeed open(PushRequest request, LabelledSources sources, int maxBytes, long heldBytes)
            throws IOException {
        OrderedFeed feed = new OrderedFeed(request);
        try {
            Holding holding = new Holding(maxBytes, heldBytes);
            for (ImageSource source : sources.sources()) {
                feed.list(source, holding);
            }
            feed.order(sources.labeller());
            return feed;
        } catch (IOException | RuntimeException e) {
            feed.close();
            throw e;
        }
    }

    @Override
    public EntryReader pass(int pass, long leftOut) {
        List<SourceEntry> rest = pass == 0 ? entries : entries.subList((int) leftOut, entries.size());
        if (request.order() == PushRequest.Order.SHUFFLED) {
            shuffle(rest, request.seed(), pass);
        }
        return EntryReader.over(rest.iterator());
    }

    @Override
    public OptionalLong entries() {
        return OptionalLong.of(entries.size());
    }

    @Override
    public void close() throws IOException {
        for (EntryReader reader : readers) {
            reader.close();
        }
    }

    private void list(ImageSource source, Holding holding) throws IOException {
        EntryReader reader = source.open();
        readers.add(reader);
        int before = entries.size();
        for (Optional<SourceEntry> entry = reader.next(); entry.isPresent(); entry = reader.next()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new ClosedByInterruptException();
            }
            entries.add(source.readInAnyOrder() ? entry.get() : holding.hold(entry.get(), source));
        }
        if (entries.size() == before) {
            throw source.holdsNothing();
        }
    }

    private void order(Labeller labeller) throws IOException {
        if (request.order() != PushRequest.Order.BY_LABEL) {
            return;
        }
        List<Labelled> labelled = new ArrayList<>(entries.size());
        for (SourceEntry entry : entries) {
            labelled.add(new Labelled(labeller.labelOf(entry).orElse(""), entry));
        }
        if (labelled.stream().allMatch(entry -> entry.label().isEmpty())) {
            throw new SourceException(
                    "push: --order by-label needs labels, but no image has one; give --labels folder or a file of labels");
        }
        labelled.sort(Comparator.comparing(Labelled::label, BY_LABEL));
        entries.clear();
        labelled.forEach(entry -> entries.add(entry.entry()));
    }

    /** Fisher–Yates. */
    private static void shuffle(List<SourceEntry> entries, long seed, int pass) {
        CounterRandom random = CounterRandom.of(seed, pass, CounterRandom.Purpose.SHUFFLE, 0);
        for (int i = entries.size() - 1; i > 0; i--) {
            entries.set(i, entries.set(random.nextInt(i + 1), entries.get(i)));
        }
    }

    private record Labelled(String label, SourceEntry entry) {}

    /** Images held in memory, counted. */
    private static final class Holding {
        private final int maxBytes;
        private final long mostBytes;
        private long bytes;

        Holding(int maxBytes, long mostBytes) {
            this.maxBytes = maxBytes;
            this.mostBytes = mostBytes;
        }

        SourceEntry hold(SourceEntry entry, ImageSource source) throws IOException {
            SourceEntry.Reading reading = read(entry);
            if (bytes > mostBytes) {
                throw new SourceException(
                        ("push: ordering %s holds its images in memory, which takes more than the %d MiB that may be used: "
                                        + "unpack it (a plain tar, a zip or a folder is read in place), "
                                        + "use --order as-is, or give Java more memory")
                                .formatted(source.path(), mostBytes >> 20));
            }
            return entry.holding(reading);
        }

        private SourceEntry.Reading read(SourceEntry entry) throws IOException {
            bytes += ENTRY_OVERHEAD_BYTES;
            try {
                Content content = entry.reading().read(maxBytes);
                bytes += content.bytes().length;
                return limit -> content;
            } catch (UnreadableEntryException e) {
                String reason = String.valueOf(e.getMessage());
                return limit -> {
                    throw new UnreadableEntryException(reason);
                };
            }
        }
    }
}
