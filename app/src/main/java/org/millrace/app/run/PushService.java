package org.millrace.app.run;

import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.ingest.ImagePusher;
import org.millrace.ingest.PushProgress;
import org.millrace.ingest.PushReport;
import org.millrace.ingest.PushRequest;

/** A push that goes on beside the training. */
public final class PushService implements Services.Service {
    private final PushRequest request;
    private final KafkaSettings kafka;
    private final ImagesConfig images;
    private final PushProgress progress;
    private final Consumer<PushReport> ended;
    private volatile @Nullable Thread thread;
    private volatile @Nullable PushReport report;

    /** @param ended is handed the report when the push ends, on the pushing thread */
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
        thread = Thread.currentThread();
        Map<String, Object> needs = ImagePusher.producerNeeds(images);
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(needs))) {
            PushReport pushed = ImagePusher.push(request, producer, images, progress, InputStream.nullInputStream());
            report = pushed;
            ended.accept(pushed);
            Thread.interrupted(); // the report tells of it, and it would cut the producer's close short
        }
    }

    @Override
    public void stop() {
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }

    /** What was pushed, once the push has ended. */
    public Optional<PushReport> report() {
        return Optional.ofNullable(report);
    }
}
