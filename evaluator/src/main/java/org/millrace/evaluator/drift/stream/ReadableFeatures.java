package org.millrace.evaluator.drift.stream;

import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.event.RecordReader;

/** Forwards the records of {@code <run>.statistics} that are batches of features, and leaves out the others. */
final class ReadableFeatures implements FixedKeyProcessor<String, byte[], byte[]> {
    private final RecordReader<SampledRows> batches = new RecordReader<>(SampledRows::of);
    private @Nullable FixedKeyProcessorContext<String, byte[]> context;

    @Override
    public void init(FixedKeyProcessorContext<String, byte[]> opened) {
        context = opened;
    }

    @Override
    public void process(FixedKeyRecord<String, byte[]> record) {
        FixedKeyProcessorContext<String, byte[]> opened = Objects.requireNonNull(context);
        RecordMetadata place = opened.recordMetadata().orElseThrow();
        Optional<SampledRows> batch =
                batches.read(place.topic(), place.partition(), place.offset(), record.timestamp(), record.value());
        if (batch.isPresent() && DriftKeys.isKey(record.key())) {
            opened.forward(record);
        }
    }
}
