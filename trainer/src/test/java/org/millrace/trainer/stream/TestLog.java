package org.millrace.trainer.stream;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntBinaryOperator;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.millrace.contract.ImageHeaders;

/** The topic images with given records, read through Kafka's own MockConsumer. Images are 4×4 PNGs of one grey value. */
public final class TestLog {
    static final String TOPIC = "images";
    static final byte[] TEXT = "no image".getBytes(java.nio.charset.StandardCharsets.UTF_8);

    private final int partitions;
    private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();

    public TestLog(int partitions) {
        this.partitions = partitions;
    }

    TestLog add(int partition, long offset, long timestamp, byte[] value) {
        return add(partition, offset, timestamp, new byte[0], value);
    }

    public TestLog add(int partition, long offset, long timestamp, byte[] key, byte[] value) {
        var headers = new RecordHeaders();
        ImageHeaders.put(headers, ImageHeaders.SOURCE, "camera-" + partition);
        records.add(new ConsumerRecord<byte[], byte[]>(
                TOPIC,
                partition,
                offset,
                timestamp,
                TimestampType.CREATE_TIME,
                key.length,
                value.length,
                key,
                value,
                headers,
                Optional.empty()));
        return this;
    }

    /** A consumer that gives out at most {@code maxPollRecords} a poll, and the log over it. */
    Opened open(Map<Integer, Long> nextOffsets, int maxBytes, int maxPollRecords) {
        var consumer = new MockConsumer<byte[], byte[]>("none");
        List<PartitionInfo> infos = new ArrayList<>();
        Map<TopicPartition, Long> starts = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            infos.add(new PartitionInfo(TOPIC, partition, null, null, null));
            starts.put(new TopicPartition(TOPIC, partition), 0L);
        }
        consumer.updatePartitions(TOPIC, infos);
        consumer.updateBeginningOffsets(starts);
        consumer.setMaxPollRecords(maxPollRecords);
        ImageLog log = new ImageLog(consumer, TOPIC, nextOffsets, Map.of(), maxBytes);
        records.forEach(consumer::addRecord);
        return new Opened(consumer, log);
    }

    /** A consumer of the whole topic. */
    public MockConsumer<byte[], byte[]> consumer() {
        return open(Map.of(), 1 << 20, records.size()).consumer();
    }

    record Opened(MockConsumer<byte[], byte[]> consumer, ImageLog log) {}

    static byte[] image(int value) {
        return image(4, (x, y) -> value);
    }

    /** A PNG of that many pixels a side, with grey values by column and row. */
    static byte[] image(int side, IntBinaryOperator grey) {
        var image = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < side * side; i++) {
            image.getRaster().setSample(i % side, i / side, 0, grey.applyAsInt(i % side, i / side));
        }
        var bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
