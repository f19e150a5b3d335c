package org.millrace.evaluator.drift;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Attribution;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.contract.event.DriftReport.Verdict;
import org.millrace.contract.event.Json;

/** One closed window after the other: into the reference until that is full, then against it; and what becomes of the alarm. */
final class WindowComparison implements Processor<Windowed<String>, byte[], String, byte[]> {
    private final MillraceConfig config;
    private @Nullable ProcessorContext<String, byte[]> context;
    private @Nullable DriftMemory memory;

    WindowComparison(MillraceConfig config) {
        this.config = config;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> opened) {
        context = opened;
        memory = new DriftMemory(opened.getStateStore(DriftMemory.STORE), config);
    }

    @Override
    public void process(Record<Windowed<String>, byte[]> record) {
        DriftMemory remembered = Objects.requireNonNull(memory);
        String key = record.key().key();
        long fromMillis = record.key().window().start();
        SampledRows window = SampledRows.of(record.value());
        Watch watch = remembered
                .watch(key)
                .filter(before -> before.encoderVersion() == window.encoderVersion())
                .orElseGet(() -> remembered.begin(key, window.encoderVersion(), 0));
        // windows that overlap are each compared, but the reference and the sequential detector take no image twice
        boolean next = Math.floorMod(fromMillis, config.drift().windowMillis()) == 0;
        Verdict verdict;
        List<Detection> detections = List.of();
        OptionalDouble stability = OptionalDouble.empty();
        Optional<Attribution> attribution = Optional.empty();
        if (window.rows().size() < config.drift().leastImages()) {
            verdict = Verdict.NOT_ENOUGH;
        } else if (watch.referenceImages() < config.drift().referenceImages()) {
            verdict = Verdict.REFERENCE;
            if (next && watch.windowsLeftOut() > 0) {
                watch = watch.withoutOneLeftOut();
            } else if (next) {
                remembered.addToReference(key, fromMillis, window);
                watch = watch.withReference(
                        watch.referenceImages() + window.rows().size(),
                        record.key().window().end());
            }
        } else {
            ReferenceDetectors detectors = remembered.detectors(key, watch);
            detections = detectors.test(
                    window.matrix(), fromMillis, next ? OptionalDouble.of(watch.sum()) : OptionalDouble.empty());
            stability = OptionalDouble.of(detectors.stability(window.matrix()));
            if (next) {
                watch = watch.withSum(detections.get(detections.size() - 1).score());
            }
            verdict = detections.stream().anyMatch(Detection::alarm) ? Verdict.DRIFT : Verdict.STABLE;
            attribution = detectors.attribution(window, config.drift().leastImages(), verdict == Verdict.DRIFT);
        }
        forward(
                record,
                new DriftReport(
                        DriftEvent.SCHEMA,
                        config.run().name(),
                        DriftKeys.source(key),
                        window.encoderVersion(),
                        fromMillis,
                        record.key().window().end(),
                        window.seen(),
                        watch.referenceImages(),
                        verdict,
                        detections,
                        stability,
                        attribution));
        remembered.put(key, alarm(record, watch, verdict, detections));
    }

    private Watch alarm(
            Record<Windowed<String>, byte[]> record, Watch watch, Verdict verdict, List<Detection> detections) {
        String key = record.key().key();
        long fromMillis = record.key().window().start();
        if (verdict == Verdict.DRIFT && watch.alarm() == Watch.Alarm.NONE) {
            Watch raised = watch.withAlarm(
                    Watch.Alarm.RAISED,
                    fromMillis,
                    detections.stream()
                            .filter(Detection::alarm)
                            .map(Detection::name)
                            .toList());
            forward(record, DriftKeys.event(config, key, raised, DriftAlarm.State.RAISED, "", fromMillis));
            return raised;
        }
        if (verdict == Verdict.STABLE && watch.alarm() == Watch.Alarm.ACKNOWLEDGED) {
            forward(record, DriftKeys.event(config, key, watch, DriftAlarm.State.CLEARED, "", fromMillis));
            return watch.withAlarm(Watch.Alarm.NONE, 0, List.of());
        }
        return watch;
    }

    private void forward(Record<Windowed<String>, byte[]> record, DriftEvent event) {
        Objects.requireNonNull(context)
                .forward(new Record<>(record.key().key(), Json.write(event), record.timestamp()));
    }
}
