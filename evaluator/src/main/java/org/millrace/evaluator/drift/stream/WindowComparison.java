package org.millrace.evaluator.drift.stream;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.Record;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Attribution;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Detection;
import org.millrace.contract.event.DriftReport.Verdict;
import org.millrace.evaluator.drift.detector.Calibration;
import org.millrace.evaluator.drift.detector.ReferenceDetectors;
import org.millrace.evaluator.drift.detector.Usability;

/** Takes the closed windows one by one: into the reference until that is full, then compares with it; raises and clears the alarm. */
final class WindowComparison extends MemoryProcessor<Windowed<String>> {
    WindowComparison(MillraceConfig config) {
        super(config);
    }

    @Override
    public void process(Record<Windowed<String>, byte[]> record) {
        String key = record.key().key();
        long fromMillis = record.key().window().start();
        SampledRows whole = SampledRows.of(record.value());
        SampledRows window = whole.finite();
        DriftState drift = memory().state(key)
                .filter(before -> before.encoderVersion() == window.encoderVersion())
                .orElseGet(() -> memory().begin(key, window.encoderVersion(), 0));
        // overlapping windows are each compared, but the reference and the sequential detector take no image twice
        boolean next = Math.floorMod(fromMillis, config().drift().windowMillis()) == 0;
        Verdict verdict;
        Optional<String> reason = Optional.empty();
        List<Detection> detections = List.of();
        OptionalDouble stability = OptionalDouble.empty();
        Optional<Attribution> attribution = Optional.empty();
        if (whole.rows().size() < config().drift().leastImages()) {
            verdict = Verdict.NOT_ENOUGH;
        } else if (window.rows().size() < config().drift().leastImages()) {
            verdict = Verdict.UNUSABLE;
            reason = Optional.of(
                    "the features of " + (whole.rows().size() - window.rows().size()) + " of its "
                            + whole.rows().size() + " images are not finite under encoder " + window.encoderVersion());
        } else if (!memory().mixes(key, window)) {
            verdict = Verdict.UNUSABLE;
            reason = Optional.of(
                    "its images have " + window.columns() + " features, those of the reference another number");
        } else if (drift.referenceImages() < config().drift().referenceImages()) {
            verdict = Verdict.REFERENCE;
            reason = drift.windowsLeftOut() > 0 ? Optional.empty() : Usability.problem(window.matrix());
            if (reason.isPresent()) {
                verdict = Verdict.UNUSABLE;
            } else if (next && drift.windowsLeftOut() > 0) {
                drift = drift.withoutOneLeftOut();
            } else if (next) {
                memory().addToReference(key, fromMillis, window);
                drift = drift.withReference(
                        drift.referenceImages() + window.rows().size(),
                        record.key().window().end());
            }
        } else {
            DriftMemory.Judged judged = memory().detectors(key, drift);
            if (judged instanceof DriftMemory.Usable usable) {
                ReferenceDetectors detectors = usable.detectors();
                detections = detectors.test(
                        window.matrix(), fromMillis, next ? OptionalDouble.of(drift.sum()) : OptionalDouble.empty());
                stability = OptionalDouble.of(detectors.stability(window.matrix()));
                if (next) {
                    drift = drift.withSum(detections.get(detections.size() - 1).score());
                }
                verdict = detections.stream().anyMatch(Detection::alarm) ? Verdict.DRIFT : Verdict.STABLE;
                attribution = attribution(detectors, window, verdict == Verdict.DRIFT);
            } else {
                verdict = Verdict.UNUSABLE;
                reason = Optional.of("the reference of " + drift.referenceImages()
                        + " images is given up; the next windows make another: "
                        + ((DriftMemory.Unusable) judged).why());
                drift = giveUp(record, drift);
            }
        }
        forward(
                record,
                new DriftReport(
                        DriftEvent.SCHEMA,
                        config().run().name(),
                        DriftKeys.source(key),
                        window.encoderVersion(),
                        fromMillis,
                        record.key().window().end(),
                        window.seen(),
                        drift.referenceImages(),
                        verdict,
                        detections,
                        stability,
                        attribution,
                        reason));
        memory().put(key, alarm(record, drift, verdict, detections));
    }

    /** Empty also where too few images are known under both encoders. */
    private Optional<Attribution> attribution(ReferenceDetectors detectors, SampledRows window, boolean imagesChanged) {
        List<SampledRows.Row> pairs = window.pairs();
        if (pairs.size() < config().drift().leastImages()) {
            return Optional.empty();
        }
        List<SampledRows.Row> compared = pairs.subList(0, Calibration.sizeOf(pairs.size()));
        return detectors.attribution(
                SampledRows.matrix(compared, SampledRows.Row::features),
                SampledRows.matrix(compared, SampledRows.Row::present),
                window.presentVersion(),
                imagesChanged);
    }

    /** Begins another reference; an alarm raised by the former one is over. */
    private DriftState giveUp(Record<Windowed<String>, byte[]> record, DriftState drift) {
        String key = record.key().key();
        if (drift.alarm() != DriftState.Alarm.NONE) {
            forward(
                    record,
                    DriftKeys.event(
                            config(),
                            key,
                            drift,
                            DriftAlarm.State.REBASED,
                            "the reference was unusable",
                            record.key().window().start()));
        }
        return memory().begin(key, drift.encoderVersion(), 0);
    }

    private DriftState alarm(
            Record<Windowed<String>, byte[]> record, DriftState drift, Verdict verdict, List<Detection> detections) {
        String key = record.key().key();
        long fromMillis = record.key().window().start();
        if (verdict == Verdict.DRIFT && drift.alarm() == DriftState.Alarm.NONE) {
            DriftState raised = drift.withAlarm(
                    DriftState.Alarm.RAISED,
                    fromMillis,
                    detections.stream()
                            .filter(Detection::alarm)
                            .map(Detection::name)
                            .toList());
            forward(record, DriftKeys.event(config(), key, raised, DriftAlarm.State.RAISED, "", fromMillis));
            return raised;
        }
        if (verdict == Verdict.STABLE && drift.alarm() == DriftState.Alarm.ACKNOWLEDGED) {
            forward(record, DriftKeys.event(config(), key, drift, DriftAlarm.State.CLEARED, "", fromMillis));
            return drift.withAlarm(DriftState.Alarm.NONE, 0, List.of());
        }
        return drift;
    }

    private void forward(Record<Windowed<String>, byte[]> record, DriftEvent event) {
        forward(record.key().key(), event, record.timestamp());
    }
}
