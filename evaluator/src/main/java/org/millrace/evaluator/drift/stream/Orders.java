package org.millrace.evaluator.drift.stream;

import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftOrder;
import org.millrace.contract.event.RecordReader;

/** Carries out the operator's orders; one without a source applies to every key. */
final class Orders extends MemoryProcessor<byte[]> {
    private final RecordReader<DriftOrder> orders = RecordReader.ofJson(DriftOrder.class);

    Orders(MillraceConfig config) {
        super(config);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata place = context().recordMetadata().orElseThrow();
        orders.read(place.topic(), place.partition(), place.offset(), record.timestamp(), record.value())
                .ifPresent(order -> apply(order, record.timestamp()));
    }

    private void apply(DriftOrder order, long timestamp) {
        for (String key : memory().keys()) {
            if (order.source().isEmpty() || order.source().equals(DriftKeys.source(key))) {
                memory().state(key).ifPresent(drift -> apply(order, key, drift, timestamp));
            }
        }
    }

    private void apply(DriftOrder order, String key, DriftState drift, long timestamp) {
        switch (order.kind()) {
            case ACKNOWLEDGE -> {
                if (drift.alarm() == DriftState.Alarm.RAISED) {
                    memory().put(
                                    key,
                                    drift.withAlarm(
                                            DriftState.Alarm.ACKNOWLEDGED, drift.alarmFromMillis(), drift.alarmBy()));
                    report(order, key, drift, DriftAlarm.State.ACKNOWLEDGED, timestamp);
                }
            }
            case REBASE -> {
                memory().begin(key, drift.encoderVersion(), openWindows());
                report(order, key, drift, DriftAlarm.State.REBASED, timestamp);
            }
        }
    }

    // windows with images from before the order: the present one, and those that wait for late images
    private int openWindows() {
        long windowMillis = config().drift().windowMillis();
        return (int) (1 + (config().drift().graceMillis() + windowMillis - 1) / windowMillis);
    }

    private void report(DriftOrder order, String key, DriftState drift, DriftAlarm.State state, long timestamp) {
        forward(key, DriftKeys.event(config(), key, drift, state, order.note(), order.atMillis()), timestamp);
    }
}
