package org.millrace.evaluator.drift.stream;

import java.util.Objects;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftOrder;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RecordReader;

/** What people order: an order without a source is about all that is watched. */
final class Orders implements Processor<byte[], byte[], String, byte[]> {
    private final MillraceConfig config;
    private final RecordReader<DriftOrder> orders = RecordReader.ofJson(DriftOrder.class);
    private @Nullable ProcessorContext<String, byte[]> context;
    private @Nullable DriftMemory memory;

    Orders(MillraceConfig config) {
        this.config = config;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> opened) {
        context = opened;
        memory = new DriftMemory(opened.getStateStore(DriftMemory.STORE), config);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata place = Objects.requireNonNull(context).recordMetadata().orElseThrow();
        orders.read(place.topic(), place.partition(), place.offset(), record.timestamp(), record.value())
                .ifPresent(order -> obey(order, record.timestamp()));
    }

    private void obey(DriftOrder order, long timestamp) {
        DriftMemory remembered = Objects.requireNonNull(memory);
        for (String key : remembered.keys()) {
            if (order.source().isEmpty() || order.source().equals(DriftKeys.source(key))) {
                remembered.watch(key).ifPresent(watch -> obey(order, key, watch, timestamp));
            }
        }
    }

    private void obey(DriftOrder order, String key, Watch watch, long timestamp) {
        DriftMemory remembered = Objects.requireNonNull(memory);
        switch (order.kind()) {
            case ACKNOWLEDGE -> {
                if (watch.alarm() == Watch.Alarm.RAISED) {
                    remembered.put(
                            key, watch.withAlarm(Watch.Alarm.ACKNOWLEDGED, watch.alarmFromMillis(), watch.alarmBy()));
                    tell(order, key, watch, DriftAlarm.State.ACKNOWLEDGED, timestamp);
                }
            }
            case REBASE -> {
                remembered.begin(key, watch.encoderVersion(), openWindows());
                tell(order, key, watch, DriftAlarm.State.REBASED, timestamp);
            }
        }
    }

    // that hold images of before the order: the present one, and those that wait for late images
    private int openWindows() {
        long windowMillis = config.drift().windowMillis();
        return (int) (1 + (config.drift().graceMillis() + windowMillis - 1) / windowMillis);
    }

    private void tell(DriftOrder order, String key, Watch watch, DriftAlarm.State state, long timestamp) {
        byte[] event = Json.write(DriftKeys.event(config, key, watch, state, order.note(), order.atMillis()));
        Objects.requireNonNull(context).forward(new Record<>(key, event, timestamp));
    }
}
