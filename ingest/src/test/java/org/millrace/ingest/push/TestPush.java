package org.millrace.ingest.push;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.push.PushRequest.Target;

/** A push into a producer that keeps its records. */
public final class TestPush {
    public static final ImagesConfig IMAGES = new ImagesConfig(
            "images",
            "images.rejected",
            "probe",
            1,
            100_000,
            33_554_432,
            "",
            67_108_864,
            ImagesConfig.DecodeScale.FULL);

    public final MockProducer<byte[], byte[]> producer;
    private InputStream standardInput = InputStream.nullInputStream();
    private PushTime time = PushTime.SYSTEM;
    private long heldBytes = 64 << 20;

    public TestPush() {
        this(true);
    }

    public TestPush(boolean acknowledges) {
        this.producer = new MockProducer<>(acknowledges, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    public static PushRequest images(Path... paths) {
        return PushRequest.of(Stream.of(paths).map(Path::toString).toList(), Target.IMAGES);
    }

    public static PushRequest probe(Path... paths) {
        return PushRequest.of(Stream.of(paths).map(Path::toString).toList(), Target.PROBE);
    }

    public static PushRequest withSplit(PushRequest request, PushRequest.Split split) {
        return new PushRequest(
                request.paths(),
                request.target(),
                request.labels(),
                request.order(),
                request.seed(),
                request.repeat(),
                request.imagesPerSecond(),
                request.limit(),
                request.skip(),
                split);
    }

    public TestPush typing(String names) {
        return typing(names.getBytes(StandardCharsets.UTF_8));
    }

    public TestPush typing(byte[] input) {
        this.standardInput = new ByteArrayInputStream(input);
        return this;
    }

    TestPush pacedBy(PushTime time) {
        this.time = time;
        return this;
    }

    public TestPush holding(long heldBytes) {
        this.heldBytes = heldBytes;
        return this;
    }

    public PushReport push(PushRequest request) {
        return push(request, PushProgress.SILENT);
    }

    public PushReport push(PushRequest request, PushProgress progress) {
        return ImagePusher.push(request, producer, IMAGES, progress, standardInput, time, heldBytes);
    }

    public List<ProducerRecord<byte[], byte[]>> sent(String topic) {
        return producer.history().stream()
                .filter(record -> record.topic().equals(topic))
                .toList();
    }

    public List<ProducerRecord<byte[], byte[]>> sent() {
        return sent(IMAGES.topic());
    }

    public List<ProducerRecord<byte[], byte[]>> rejects() {
        return sent(IMAGES.rejectedTopic());
    }

    public List<String> ids() {
        return sent().stream().map(TestPush::id).toList();
    }

    /** What follows the source's name in the ids. */
    public List<String> names() {
        return ids().stream()
                .map(id -> id.substring((id.contains("!") ? id.indexOf('!') : id.indexOf('/')) + 1))
                .toList();
    }

    public static String id(ProducerRecord<byte[], byte[]> record) {
        return new String(record.key(), StandardCharsets.UTF_8);
    }

    public static Optional<String> header(ProducerRecord<byte[], byte[]> record, String name) {
        return ImageHeaders.text(record.headers(), name);
    }

    public static Optional<String> label(ProducerRecord<byte[], byte[]> record) {
        return header(record, ImageHeaders.LABEL);
    }

    public List<String> reasons() {
        return rejects().stream()
                .map(record -> header(record, ImageHeaders.REJECT_REASON).orElseThrow())
                .toList();
    }
}
