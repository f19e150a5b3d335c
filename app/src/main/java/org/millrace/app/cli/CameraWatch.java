package org.millrace.app.cli;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.millrace.app.text.FrameText;
import org.millrace.contract.Count;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.camera.CameraAddress;
import org.millrace.ingest.camera.CameraRequest;
import org.millrace.ingest.camera.FrameCounts;
import org.millrace.ingest.camera.LiveCamera;
import org.millrace.ingest.push.ImagePusher;
import org.millrace.ingest.push.PushProgress;
import org.millrace.ingest.push.PushReport;
import org.millrace.ingest.push.PushRequest;

/** Pushes a camera's frames until stopped, with a line a minute on how many. */
final class CameraWatch {
    private static final long LINE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final CameraAddress address;
    private final CameraRequest camera;
    private final ImagesConfig images;
    private final Lines out;
    private final FrameCounts counts = new FrameCounts();

    CameraWatch(CameraAddress address, CameraRequest camera, ImagesConfig images, Lines out) {
        this.address = address;
        this.camera = camera;
        this.images = images;
        this.out = out;
    }

    /** Returns after an interrupt of this thread, once the broker has acknowledged what was sent. */
    void run(Connection connection) {
        connection.createStream(images);
        out.say("watching %s as source %s; Ctrl-C stops".formatted(address.shown(), camera.source()));
        PushReport report;
        try (var producer = new KafkaProducer<byte[], byte[]>(
                connection.kafka().producer(ImagePusher.patientProducerNeeds(images)))) {
            report = ImagePusher.push(
                    PushRequest.of(List.of(address.shown()), PushRequest.Target.IMAGES),
                    producer,
                    images,
                    aLineAMinute(System.nanoTime()),
                    LiveCamera.at(address, camera, images.maxBytes(), counts, out::say));
            Thread.interrupted(); // the report shows it, and it would cut the producer's close short
        }
        out.say(PushCommand.summary(report, images, images.topic()) + FrameText.leftOut(counts));
    }

    private PushProgress aLineAMinute(long startNanos) {
        return new PushProgress() {
            private long lastNanos = startNanos;

            @Override
            public void update(long pushed, long rejected, long bytes) {
                long now = System.nanoTime();
                if (now - lastNanos >= LINE_NANOS) {
                    lastNanos = now;
                    out.say(String.format(
                            Locale.ROOT,
                            "%s: pushed %s since the start, rejected %,d%s",
                            camera.source(),
                            Count.of(pushed, "image"),
                            rejected,
                            FrameText.leftOut(counts)));
                }
            }
        };
    }
}
