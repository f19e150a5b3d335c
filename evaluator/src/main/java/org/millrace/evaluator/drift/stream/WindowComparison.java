package org.millrace.evaluator.drift.stream;

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
import org.millrace.evaluator.drift.detector.Calibration;
import org.millrace.evaluator.drift.detector.ReferenceDetectors;
import org.millrace.evaluator.drift.detector.Usability;

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
        SampledRows whole = SampledRows.of(record.value());
        SampledRows window = whole.finite();
        Watch watch = remembered
                .watch(key)
                .filter(before -> before.encoderVersion() == window.encoderVersion())
                .orElseGet(() -> remembered.begin(key, window.encoderVersion(), 0));
        // windows that overlap are each compared, but the reference and the sequential detector take no image twice
        boolean next = Math.floorMod(fromMillis, config.drift().windowMillis()) == 0;
        Verdict verdict;
        Optional<String> reason = Optional.empty();
        List<Detection> detections = List.of();
        OptionalDouble stability = OptionalDouble.empty();
        Optional<Attribution> attribution = Optional.empty();
        if (whole.rows().size() < config.drift().leastImages()) {
            verdict = Verdict.NOT_ENOUGH;
        } else if (window.rows().size() < config.drift().leastImages()) {
            verdict = Verdict.UNUSABLE;
            reason = Optional.of(
                    "the features of " + (whole.rows().size() - window.rows().size()) + " of its "
                            + whole.rows().size() + " images are not finite under encoder " + window.encoderVersion());
        } else if (!remembered.mixes(key, window)) {
            verdict = Verdict.UNUSABLE;
            reason = Optional.of(
                    "its images have " + window.columns() + " features, those of the reference another number");
        } else if (watch.referenceImages() < config.drift().referenceImages()) {
            verdict = Verdict.REFERENCE;
            reason = watch.windowsLeftOut() > 0 ? Optional.empty() : Usability.problem(window.matrix());
            if (reason.isPresent()) {
                verdict = Verdict.UNUSABLE;
            } else if (next && watch.windowsLeftOut() > 0) {
                watch = watch.withoutOneLeftOut();
            } else if (next) {
                remembered.addToReference(key, fromMillis, window);
                watch = watch.withReference(
                        watch.referenceImages() + window.rows().size(),
                        record.key().window().end());
            }
        } else {
            DriftMemory.Judged judged = remembered.detectors(key, watch);
            if (judged instanceof DriftMemory.Usable usable) {
                ReferenceDetectors detectors = usable.detectors();
                detections = detectors.test(
                        window.matrix(), fromMillis, next ? OptionalDouble.of(watch.sum()) : OptionalDouble.empty());
                stability = OptionalDouble.of(detectors.stability(window.matrix()));
                if (next) {
                    watch = watch.withSum(detections.get(detections.size() - 1).score());
                }
                verdict = detections.stream().anyMatch(Detection::alarm) ? Verdict.DRIFT : Verdict.STABLE;
                attribution = attribution(detectors, window, verdict == Verdict.DRIFT);
            } else {
                verdict = Verdict.UNUSABLE;
                reason = Optional.of("the reference of " + watch.referenceImages()
                        + " images is given up, and the windows from here on are another: "
                        + ((DriftMemory.Unusable) judged).why());
                watch = giveUp(record, watch);
            }
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
                        attribution,
                        reason));
        remembered.put(key, alarm(record, watch, verdict, detections));
    }

    /** Empty also where too few images are known under both encoders. */
    private Optional<Attribution> attribution(ReferenceDetectors detectors, SampledRows window, boolean imagesChanged) {
        List<SampledRows.Row> pairs = window.pairs();
        if (pairs.size() < config.drift().leastImages()) {
            return Optional.empty();
        }
        List<SampledRows.Row> compared = pairs.subList(0, Calibration.sizeOf(pairs.size()));
        return detectors.attribution(
                SampledRows.matrix(compared, SampledRows.Row::features),
                SampledRows.matrix(compared, SampledRows.Row::present),
                window.presentVersion(),
                imagesChanged);
    }

    /** Begins another reference; an alarm against the former one is over. */
    private Watch giveUp(Record<Windowed<String>, byte[]> record, Watch watch) {
        String key = record.key().key();
        if (watch.alarm() != Watch.Alarm.NONE) {
            forward(
                    record,
                    DriftKeys.event(
                            config,
                            key,
                            watch,
                            DriftAlarm.State.REBASED,
                            "the reference was of no use",
                            record.key().window().start()));
        }
        return Objects.requireNonNull(memory).begin(key, watch.encoderVersion(), 0);
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
