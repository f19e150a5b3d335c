package org.millrace.ingest.push;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.gate.Judged;
import org.millrace.ingest.label.LabelledSources;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.FileReading;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.SourceException;

/**
 * Pushes images into the log, one pass after the other: list → order → read → judge → label → send. Whatever is not an
 * image goes to the topic of rejects, with the reason.
 */
public final class ImagePusher {
    private static final long LEAST_BUFFER_BYTES = 64L << 20;
    private static final int PATIENCE_MILLIS = 30 * 60_000;

    private final PushRequest request;
    private final ImagesConfig images;
    private final PushProgress progress;
    private final PushTime time;
    private final LabelledSources sources;
    private final ImagePublisher publisher;
    private final Pace pace;

    private ImagePusher(
            PushRequest request,
            Producer<byte[], byte[]> producer,
            ImagesConfig images,
            PushProgress progress,
            LabelledSources sources,
            PushTime time) {
        this.request = request;
        this.images = images;
        this.progress = progress;
        this.time = time;
        this.sources = sources;
        this.publisher = new ImagePublisher(producer, request, images);
        this.pace = new Pace(request.imagesPerSecond(), time);
    }

    /**
     * Pushes and waits until Kafka has taken everything. An interrupt ends the push early: what was sent is flushed, the report
     * says so, and the thread stays interrupted.
     *
     * @param producer made with {@link #producerNeeds}; stays open
     * @param standardInput file names, read where the request's paths have {@code -}; stays open
     * @throws UserException if a source or its labels cannot be read, or Kafka does not take a record
     */
    public static PushReport push(
            PushRequest request,
            Producer<byte[], byte[]> producer,
            ImagesConfig images,
            PushProgress progress,
            InputStream standardInput) {
        return push(request, producer, images, progress, standardInput, PushTime.SYSTEM, heldBytes());
    }

    /** The same for the frames of a camera or a recording, in place of the request's paths. */
    public static PushReport push(
            PushRequest request,
            Producer<byte[], byte[]> producer,
            ImagesConfig images,
            PushProgress progress,
            ImageSource frames) {
        var sources = LabelledSources.unlabelled(frames);
        return new ImagePusher(request, producer, images, progress, sources, PushTime.SYSTEM).run(heldBytes());
    }

    static PushReport push(
            PushRequest request,
            Producer<byte[], byte[]> producer,
            ImagesConfig images,
            PushProgress progress,
            InputStream standardInput,
            PushTime time,
            long heldBytes) {
        var sources = LabelledSources.of(request.paths(), request.labels(), standardInput, request.repeat() > 1);
        return new ImagePusher(request, producer, images, progress, sources, time).run(heldBytes);
    }

    private static long heldBytes() {
        return Runtime.getRuntime().maxMemory() / 4;
    }

    /** Settings of a producer of images; the user's own come before them. */
    public static Map<String, Object> producerNeeds(ImagesConfig images) {
        int largestRequest = images.maxRecordBytes();
        return Map.of(
                ProducerConfig.BATCH_SIZE_CONFIG,
                256 * 1024,
                ProducerConfig.LINGER_MS_CONFIG,
                20,
                ProducerConfig.COMPRESSION_TYPE_CONFIG,
                "none", // images are compressed
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                largestRequest,
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                Math.max(LEAST_BUFFER_BYTES, 4L * largestRequest),
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                30_000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                60_000);
    }

    /** The same for a push that outlasts a broker that is slow or away. */
    public static Map<String, Object> patientProducerNeeds(ImagesConfig images) {
        Map<String, Object> needs = new HashMap<>(producerNeeds(images));
        needs.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE_MILLIS);
        needs.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS);
        return Map.copyOf(needs);
    }

    private PushReport run(long heldBytes) {
        long startedAt = time.nanoTime();
        boolean interrupted = false;
        try (EntryFeed feed = EntryFeed.open(request, sources, images.maxBytes(), heldBytes)) {
            expect(feed);
            pushPasses(feed);
        } catch (InterruptedException | InterruptException | ClosedByInterruptException e) {
            interrupted = true;
        } catch (IOException e) {
            flush();
            throw new UserException("%s\n%s".formatted(problemOf(e), publisher.soFar()), e);
        }
        interrupted |= flush();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return publisher.report((time.nanoTime() - startedAt) / 1e9, interrupted);
    }

    private void pushPasses(EntryFeed feed) throws IOException, InterruptedException {
        long leftOut = 0;
        for (int pass = 0; pass < request.repeat() && publisher.sent() < request.limit(); pass++) {
            try (EntryReader entries = feed.pass(pass, leftOut)) {
                leftOut = pass == 0 ? skip(entries) : leftOut;
                pushAll(entries, pass == 0);
            }
        }
    }

    /** Leaves out the first images; returns how many entries that took. */
    private long skip(EntryReader entries) throws IOException, InterruptedException {
        long left = request.skip();
        long entriesLeftOut = 0;
        while (left > 0) {
            Optional<SourceEntry> entry = next(entries);
            if (entry.isEmpty()) {
                break;
            }
            entriesLeftOut++;
            if (Judged.of(entry.get(), images).isAccepted()) {
                left--;
            }
        }
        return entriesLeftOut;
    }

    private void pushAll(EntryReader entries, boolean reportRejects) throws IOException, InterruptedException {
        while (publisher.sent() < request.limit()) {
            Optional<SourceEntry> entry = next(entries);
            if (entry.isEmpty()) {
                return;
            }
            push(entry.get(), reportRejects);
            progress.update(publisher.sent(), publisher.rejected(), publisher.bytes());
        }
    }

    private void push(SourceEntry entry, boolean reportRejects) throws IOException, InterruptedException {
        Judged read = Judged.of(entry, images);
        Optional<String> label = sources.labeller().labelOf(entry);
        Judged judged = request.target().judge(read, label);
        if (judged.isAccepted()) {
            progress.awaitRoom();
            pace.await();
        }
        if (judged.isAccepted() || reportRejects) {
            publisher.publish(entry, label, judged);
        }
    }

    private static Optional<SourceEntry> next(EntryReader entries) throws IOException, InterruptedException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedException();
        }
        return entries.next();
    }

    private void expect(EntryFeed feed) {
        feed.entries().ifPresent(entries -> {
            long aPass = Math.max(0, entries - request.skip());
            double allPasses = (double) aPass * request.repeat();
            progress.expect((long) Math.min((double) request.limit(), allPasses));
        });
    }

    /** Flushes even on an interrupted thread; returns whether it was interrupted, and clears that. */
    private boolean flush() {
        boolean interrupted = Thread.interrupted();
        try {
            publisher.flush();
        } catch (InterruptException e) {
            interrupted = true;
            Thread.interrupted();
            publisher.flush();
        }
        return interrupted;
    }

    private static String problemOf(IOException e) {
        return e instanceof SourceException ? String.valueOf(e.getMessage()) : "push: " + FileReading.why(e);
    }
}
