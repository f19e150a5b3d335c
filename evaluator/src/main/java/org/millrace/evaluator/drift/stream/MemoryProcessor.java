package org.millrace.evaluator.drift.stream;

import java.util.Objects;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.Json;

/** A step of the topology that works on {@link DriftMemory} and sends events on. */
abstract class MemoryProcessor<K> implements Processor<K, byte[], String, byte[]> {
    private final MillraceConfig config;
    private @Nullable ProcessorContext<String, byte[]> context;
    private @Nullable DriftMemory memory;

    MemoryProcessor(MillraceConfig config) {
        this.config = config;
    }

    @Override
    public final void init(ProcessorContext<String, byte[]> opened) {
        context = opened;
        memory = new DriftMemory(opened.getStateStore(DriftMemory.STORE), config);
    }

    final MillraceConfig config() {
        return config;
    }

    final ProcessorContext<String, byte[]> context() {
        return Objects.requireNonNull(context, "not initialised");
    }

    final DriftMemory memory() {
        return Objects.requireNonNull(memory, "not initialised");
    }

    final void forward(String key, DriftEvent event, long timestamp) {
        context().forward(new Record<>(key, Json.write(event), timestamp));
    }
}
