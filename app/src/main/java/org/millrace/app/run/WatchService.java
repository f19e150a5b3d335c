package org.millrace.app.run;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.watch.FolderEvents;
import org.millrace.ingest.watch.FolderWatch;
import org.millrace.ingest.watch.WatchRequest;

/** Pushes new files of a folder until stopped: on the file system's notifications, and by periodic scans. */
public final class WatchService implements Services.Service {
    private static final long SOON_MILLIS = 500;
    private static final long NOW_AND_THEN_MILLIS = 10_000;
    private static final long RETRY_MILLIS = 3_000;
    /** Scans of a large folder take at most this share of the time. */
    private static final int LOOK_SHARE = 4;

    private final WatchRequest request;
    private final KafkaSettings kafka;
    private final ImagesConfig images;
    private final FolderWatch.Listener listener;
    private final Consumer<String> words;
    private volatile @Nullable Thread thread;
    private volatile boolean stopped;

    /** @param words receives a sentence when the broker fails, and when it is back */
    public WatchService(
            WatchRequest request,
            KafkaSettings kafka,
            ImagesConfig images,
            FolderWatch.Listener listener,
            Consumer<String> words) {
        this.request = request;
        this.kafka = kafka;
        this.images = images;
        this.listener = listener;
        this.words = words;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try (TopicSetup topics = new TopicSetup(kafka)) {
            if (request.target() == PushRequest.Target.PROBE) {
                topics.ensureProbe(images);
                topics.ensureRejected(images);
            } else {
                topics.ensureStream(images);
            }
            topics.ensureWatched(images);
        }
        try (FolderEvents events = FolderEvents.of(request.folder())) {
            boolean silent = false;
            while (!stopped) {
                try (FolderWatch watch = FolderWatch.open(request, kafka, images, listener)) {
                    if (silent) {
                        words.accept("the broker is back");
                    }
                    silent = false;
                    lookUntilStopped(watch, events);
                } catch (KafkaException e) {
                    if (!silent && !stopped) {
                        words.accept("the broker failed: " + BrokerWords.of(e) + "; retrying, nothing is lost");
                    }
                    silent = true;
                    if (!stopped) {
                        TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
                    }
                }
            }
        } catch (InterruptedException e) {
            // stopped
        } catch (IOException e) {
            throw new UserException("watch: " + request.folder() + " cannot be watched: " + e.getMessage(), e);
        }
    }

    @Override
    public void stop() {
        stopped = true;
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }

    private void lookUntilStopped(FolderWatch watch, FolderEvents events) throws InterruptedException {
        while (!stopped) {
            long begin = System.nanoTime();
            boolean soon = watch.look();
            long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            long pause = Math.max(SOON_MILLIS, LOOK_SHARE * tookMillis);
            TimeUnit.MILLISECONDS.sleep(pause);
            if (!soon) {
                events.await(Math.max(1, NOW_AND_THEN_MILLIS - pause));
            }
        }
    }
}
