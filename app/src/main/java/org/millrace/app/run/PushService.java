package org.millrace.app.run;

import java.io.InputStream;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.service.Services;
import org.millrace.ingest.push.ImagePusher;
import org.millrace.ingest.push.PushProgress;
import org.millrace.ingest.push.PushReport;
import org.millrace.ingest.push.PushRequest;

/** A push that runs beside the training and, like it, waits for a broker that is slow or away. */
public final class PushService implements Services.Service {
    private final PushRequest request;
    private final KafkaSettings kafka;
    private final ImagesConfig images;
    private final PushProgress progress;
    private final Consumer<PushReport> ended;
    private final Object lock = new Object();
    private @Nullable Thread pushing; // guarded by lock
    private boolean stopped; // guarded by lock
    private volatile @Nullable PushReport report;

    /** @param ended receives the report when the push ends, on the pushing thread */
    public PushService(
            PushRequest request,
            KafkaSettings kafka,
            ImagesConfig images,
            PushProgress progress,
            Consumer<PushReport> ended) {
        this.request = request;
        this.kafka = kafka;
        this.images = images;
        this.progress = progress;
        this.ended = ended;
    }

    @Override
    public void run() {
        try (var producer =
                new KafkaProducer<byte[], byte[]>(kafka.producer(ImagePusher.patientProducerNeeds(images)))) {
            if (!begin()) {
                return;
            }
            PushReport pushed;
            try {
                pushed = ImagePusher.push(request, producer, images, progress, InputStream.nullInputStream());
            } finally {
                end();
            }
            report = pushed;
            ended.accept(pushed);
        }
    }

    @Override
    public void stop() {
        synchronized (lock) {
            stopped = true;
            if (pushing != null) {
                pushing.interrupt();
            }
        }
    }

    /** The report, once the push has ended. */
    public Optional<PushReport> report() {
        return Optional.ofNullable(report);
    }

    /** From here to {@link #end} a stop interrupts the thread; false if stopped already. */
    private boolean begin() {
        synchronized (lock) {
            pushing = Thread.currentThread();
            return !stopped;
        }
    }

    private void end() {
        synchronized (lock) {
            pushing = null;
            Thread.interrupted(); // the report shows it, and it would cut the producer's close short
        }
    }
}
