package org.millrace.server.dashboard;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.numerics.PrincipalPlane;
import org.millrace.server.embed.LoadedEncoders;
import org.millrace.server.http.HttpProblem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of the page that need pixels, an encoder or other runs, computed on one dedicated thread: the views of the newest step while a
 * page is open; neighbours, maps and scores on request. Thread safe; the owner closes it.
 */
final class Pictures implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Pictures.class);
    private static final long GALLERY_MILLIS = 3_000;
    private static final long RECENT_MILLIS = 30_000;
    private static final int RECENT = 512;
    private static final int NEIGHBOURS = 10;
    private static final int MOST_WAITING = 16;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final LiveState live;
    private final Clock clock;
    private final ScheduledExecutorService thread;
    private final StoredImages images;
    private final LoadedEncoders encoders;
    private final Semaphore places = new Semaphore(MOST_WAITING);
    private final AtomicReference<@Nullable Newest> newest = new AtomicReference<>();
    private final AtomicReference<@Nullable RecentImages> recent = new AtomicReference<>();
    private volatile java.util.Map<String, DriftView.Compared> compared = java.util.Map.of(); // by source
    private long shownStep = -1;

    private record Newest(RunView.FreshStep step, MillraceConfig settings) {}

    Pictures(MillraceConfig config, KafkaSettings kafka, LiveState live, Clock clock) {
        this.config = config;
        this.kafka = kafka;
        this.live = live;
        this.clock = clock;
        this.images = new StoredImages(kafka, config.images());
        this.encoders = new LoadedEncoders(config);
        this.thread = Executors.newSingleThreadScheduledExecutor(work -> new Thread(work, "millrace-pictures"));
    }

    /** The newest images, oldest first, when they were read, and how many others are too large to be decoded here. */
    record Recent(long readAtMillis, List<RecentImages.Listed> images, int leftOut) {}

    /** The recent images projected to a plane by one encoder, N×2 row by row, in the order of the list read at that time. */
    record Map(long version, long readAtMillis, double share, List<Double> points) {}

    /**
     * The neighbours that one encoder finds.
     *
     * @param matching how well the whole query predicts each place of itself and of the neighbours, in AMDIM's scores
     */
    record Found(long version, List<RecentImages.Neighbour> images, Optional<Matching> matching) {}

    /** The query image and its neighbours under each encoder. */
    record Neighbours(String image, List<Found> found) {}

    /** Starts to keep the gallery and the list of checkpoints current. */
    void start() {
        var unused = thread.scheduleWithFixedDelay(this::refresh, 0, GALLERY_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Sets the newest step; called on any thread. */
    void newest(RunView.FreshStep step, MillraceConfig settings) {
        newest.set(new Newest(step, settings));
    }

    /** Takes the times that alarms compare, by source; on any thread. */
    void compared(java.util.Map<String, DriftView.Compared> times) {
        compared = times;
    }

    /** Pictures of what an alarm compares. */
    CompletableFuture<ChangedImages> changed(String source) {
        return ask(() -> {
            DriftView.Compared times = compared.get(source);
            if (times == null || times.drifted().isEmpty()) {
                return ChangedImages.none("no window drifts from the current reference");
            }
            return ChangedImages.of(
                    images.of(times.reference(), source, ChangedImages.MEASURED),
                    images.of(times.drifted().get(), source, ChangedImages.MEASURED),
                    this::decoding);
        });
    }

    CompletableFuture<Recent> recent() {
        return ask(() -> {
            RecentImages read = read();
            return new Recent(read.readAtMillis(), read.list(), read.leftOut());
        });
    }

    CompletableFuture<Map> map(long version) {
        return ask(() -> {
            RecentImages read = read();
            enough(read);
            PrincipalPlane plane = read.plane(version, encoder(version));
            List<Double> points = new ArrayList<>(plane.points().length);
            for (double value : plane.points()) {
                points.add(Math.round(value * 1e4) / 1e4);
            }
            return new Map(version, read.readAtMillis(), plane.share(), points);
        });
    }

    /** Neighbours of one of the recent images. */
    CompletableFuture<Neighbours> neighbours(String name, List<Long> versions) {
        return ask(() -> {
            RecentImages read = read();
            byte[] file = read.file(name).orElseThrow(() -> gone(name));
            return neighbours(read, file, name, versions);
        });
    }

    /** Neighbours of an image that comes with the question. */
    CompletableFuture<Neighbours> neighbours(byte[] file, List<Long> versions) {
        return ask(() -> neighbours(read(), file, "", versions));
    }

    /** Names of the runs that have scores. */
    CompletableFuture<List<String>> runs() {
        return ask(() -> PublishedEvaluations.runs(kafka));
    }

    /** Scores of these runs. */
    CompletableFuture<ComparedRuns> scores(List<String> runs) {
        return ask(() -> ComparedRuns.read(kafka, runs));
    }

    /** A small picture of one of the recent images, as PNG; on any thread. */
    byte[] picture(String name) {
        return Optional.ofNullable(recent.get())
                .flatMap(read -> read.picture(name))
                .orElseThrow(() -> gone(name));
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(10, TimeUnit.SECONDS)) {
                log.warn("the dashboard's picture thread did not stop in time");
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        images.close();
        encoders.close();
    }

    private Neighbours neighbours(RecentImages read, byte[] file, String name, List<Long> versions) {
        enough(read);
        Pixels pixels;
        try {
            pixels = decoding(BoundedDecoding.FEW)
                    .decode(file)
                    .orElseThrow(() -> new HttpProblem(413, "this image is too large to decode here; scale it down"));
        } catch (UndecodableImageException e) {
            throw new HttpProblem(400, e.reason());
        }
        java.util.Map<Long, LoadedEncoders.Loaded> asked = new LinkedHashMap<>();
        versions.forEach(version -> asked.put(version, encoder(version)));
        List<Found> found = new ArrayList<>();
        read.nearest(file, name, NEIGHBOURS, asked).forEach((version, nearest) -> {
            List<byte[]> files = new ArrayList<>(List.of(file));
            nearest.forEach(neighbour -> read.file(neighbour.at()).ifPresent(files::add));
            LoadedEncoders.Loaded encoder = Objects.requireNonNull(asked.get(version));
            found.add(new Found(
                    version,
                    nearest,
                    Matching.of(files, encoder, config.images().maxPixels())));
        });
        return new Neighbours(Png.dataUri(Png.of(pixels)), found);
    }

    private LoadedEncoders.Loaded encoder(long version) {
        return encoders.known(version)
                .orElseGet(() ->
                        encoders.of(PublishedEncoders.find(kafka, config.run().topics(), version)));
    }

    private RecentImages read() {
        RecentImages known = recent.get();
        if (known == null || clock.millis() - known.readAtMillis() > RECENT_MILLIS) {
            known = new RecentImages(
                    images.newest(RECENT),
                    decoding(BoundedDecoding.MANY),
                    config.images().maxPixels(),
                    clock.millis());
            recent.set(known);
        }
        return known;
    }

    private BoundedDecoding decoding(long work) {
        return new BoundedDecoding(
                new ImageDecoder(config.encoder().channels(), config.images().maxPixels()), work);
    }

    private void refresh() {
        try {
            live.put("checkpoints", CheckpointList.of(config.run().folder().resolve("checkpoints")));
            Newest shown = newest.get();
            if (shown != null && live.isWatched() && shown.step().plan().step() != shownStep) {
                live.put("gallery", GalleryMaker.of(shown.step(), shown.settings(), images::first));
                shownStep = shown.step().plan().step();
            }
        } catch (KafkaException e) {
            log.debug("no views now", e); // the broker is away, which the page already says
        } catch (RuntimeException e) {
            log.warn("the views of the newest step cannot be shown", e);
        }
    }

    /** Runs the work on the picture thread; refuses it where too many tasks are waiting. */
    private <T> CompletableFuture<T> ask(Callable<T> work) {
        if (!places.tryAcquire()) {
            throw HttpProblem.busy("too many requests for pictures are waiting; try again in a moment");
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        thread.execute(() -> {
            try {
                answer.complete(work.call());
            } catch (KafkaException e) {
                answer.completeExceptionally(
                        HttpProblem.unavailable("the broker does not answer: " + BrokerWords.of(e)));
            } catch (Exception e) {
                answer.completeExceptionally(e);
            } finally {
                places.release();
            }
        });
        return answer;
    }

    private static void enough(RecentImages read) {
        if (read.size() < 2) {
            throw new UserException("there are not enough recent images: wanted at least 2, but the log has "
                    + read.size()
                    + (read.leftOut() == 0
                            ? "\nPush some with millrace push."
                            : " that can be decoded here; the other " + read.leftOut() + " are too large"));
        }
    }

    private static HttpProblem gone(String name) {
        return new HttpProblem(404, "the image " + name + " is no longer among the recent ones; load them again");
    }
}
