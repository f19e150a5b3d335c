package org.millrace.trainer.stream;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.encoder.image.ClaimChecks;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.keystore.image.FileKey;

/**
 * Single images of the log, wherever they lie.
 *
 * @param consumers opens a consumer, which is closed here
 */
public record LogImages(ImagesConfig images, Supplier<Consumer<byte[], byte[]>> consumers) {
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final int PATIENCE = 30; // polls
    private static final int NEAR = 1000; // offsets that are sooner read over than sought

    public static LogImages of(MillraceConfig config, KafkaSettings kafka) {
        return new LogImages(
                config.images(), () -> new KafkaConsumer<>(kafka.consumer(Pipeline.consumerSettings(config))));
    }

    /** Passes on each of the files that the log, or the place that a claim check names, still holds as it was. */
    public void fetch(Collection<FileKey> wanted, BiConsumer<FileKey, byte[]> found) {
        Map<Integer, List<FileKey>> byPartition =
                wanted.stream().collect(groupingBy(key -> key.at().partition()));
        ClaimChecks claimChecks = new ClaimChecks(images);
        try (Consumer<byte[], byte[]> consumer = consumers.get()) {
            byPartition.forEach((partition, keys) ->
                    fetch(new TopicPartition(images.topic(), partition), keys, consumer, claimChecks, found));
        }
    }

    private static void fetch(
            TopicPartition partition,
            List<FileKey> keys,
            Consumer<byte[], byte[]> consumer,
            ClaimChecks claimChecks,
            BiConsumer<FileKey, byte[]> found) {
        List<TopicPartition> one = List.of(partition);
        consumer.assign(one);
        long begin = consumer.beginningOffsets(one).getOrDefault(partition, 0L);
        long end = consumer.endOffsets(one).getOrDefault(partition, 0L);
        TreeMap<Long, List<FileKey>> wanted = keys.stream()
                .filter(key -> key.at().offset() >= begin && key.at().offset() < end)
                .collect(groupingBy(key -> key.at().offset(), TreeMap::new, toList()));
        int silent = 0;
        long position = Long.MIN_VALUE / 2;
        while (!wanted.isEmpty()) {
            if (wanted.firstKey() > position + NEAR) {
                consumer.seek(partition, wanted.firstKey());
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                List<FileKey> here = wanted.getOrDefault(record.offset(), List.of());
                byte[] file = here.isEmpty() ? new byte[0] : file(record, claimChecks);
                here.stream().filter(key -> key.names(file)).forEach(key -> found.accept(key, file));
            }
            silent = consumer.position(partition) > position ? 0 : silent + 1;
            if (silent == PATIENCE) {
                throw new UserException("the broker does not give the images of " + partition
                        + " that the replay buffer needs. Check that it runs, then start again.");
            }
            position = consumer.position(partition);
            wanted.headMap(position).clear(); // read, or without a record
        }
    }

    private static byte[] file(ConsumerRecord<byte[], byte[]> record, ClaimChecks claimChecks) {
        if (record.value() != null && record.value().length > 0) {
            return record.value();
        }
        String location = ImageHeaders.location(record.headers()).orElse("");
        try {
            return claimChecks.fetch(
                    location,
                    ImageHeaders.text(record.headers(), ImageHeaders.SHA256).orElse(""));
        } catch (UndecodableImageException e) {
            return new byte[0]; // no file of the buffer, since it does not decode
        }
    }
}
