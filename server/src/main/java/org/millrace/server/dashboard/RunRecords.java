package org.millrace.server.dashboard;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.SlotRecord;
import org.millrace.contract.event.SlotsWanted;
import org.millrace.contract.registry.EncoderRecords;
import org.millrace.server.dashboard.TopicPlaces.Wanted;

/** The records of a run's topics, folded into the views that show them; unreadable records are counted and skipped. Not thread safe. */
final class RunRecords {
    /** Rejects carry the whole files, so only the newest are read. */
    private static final long REJECTS = 2_000;

    private final RunTopics topics;
    private final String rejected;
    private final RunView view;
    private final RejectView rejects = new RejectView();
    private RecordReader<JournalEvent> journal = RecordReader.ofJson(JournalEvent.class);
    private RecordReader<EvaluationEvent> scores = RecordReader.ofJson(EvaluationEvent.class);
    private RecordReader<DriftEvent> drift = RecordReader.ofJson(DriftEvent.class);
    private RecordReader<EncoderManifest> manifests = RecordReader.ofJson(EncoderManifest.class);
    private RecordReader<SlotRecord> notices = RecordReader.ofJson(SlotRecord.class);

    RunRecords(MillraceConfig config, RunView view) {
        this.topics = config.run().topics();
        this.rejected = config.images().rejectedTopic();
        this.view = view;
    }

    /** The topics to read. */
    List<Wanted> topics() {
        return List.of(
                Wanted.whole(topics.steps()),
                Wanted.whole(topics.encoders()),
                Wanted.whole(topics.evaluations()),
                Wanted.whole(topics.drift()),
                new Wanted(topics.slots(), SlotNotices.KEPT, view::isOfSeveral),
                new Wanted(rejected, REJECTS, () -> true));
    }

    void accept(ConsumerRecord<byte[], byte[]> record) {
        if (record.topic().equals(rejected)) {
            rejects.add(record);
        } else if (record.topic().equals(topics.encoders())) {
            acceptEncoder(record);
        } else if (record.topic().equals(topics.steps())) {
            journal.read(record).ifPresent(view::add);
        } else if (record.topic().equals(topics.slots())) {
            notices.read(record).ifPresent(event -> {
                if (event instanceof SlotReady ready) {
                    accept(record, ready);
                } else if (event instanceof SlotsWanted wanted) {
                    view.add(wanted);
                }
            });
        } else if (record.topic().equals(topics.evaluations())) {
            scores.read(record).ifPresent(view::add);
        } else {
            drift.read(record).ifPresent(view::add);
        }
    }

    private void accept(ConsumerRecord<byte[], byte[]> record, SlotReady ready) {
        Optional<String> objection = SlotNotices.objection(ready, record.partition());
        if (objection.isPresent()) {
            notices.leaveOut(record, objection.get());
        } else {
            view.add(ready);
        }
    }

    // the weights, under other keys, are ignored
    private void acceptEncoder(ConsumerRecord<byte[], byte[]> record) {
        OptionalLong version = EncoderRecords.manifestVersion(record.key());
        if (version.isEmpty()) {
            return;
        }
        if (record.value() != null) {
            manifests.read(record).ifPresent(view::add);
        } else {
            view.removeEncoder(version.getAsLong());
        }
    }

    /** Unreadable records skipped since reading began, by topic; only topics that have any. */
    Map<String, Long> unreadable() {
        Map<String, Long> counts = new TreeMap<>(Map.of(
                topics.steps(), journal.unreadable(),
                topics.encoders(), manifests.unreadable(),
                topics.evaluations(), scores.unreadable(),
                topics.slots(), notices.unreadable(),
                topics.drift(), drift.unreadable()));
        counts.values().removeIf(count -> count == 0);
        return counts;
    }

    Sections.Rejects rejects() {
        return rejects.section();
    }

    /** Forgets everything: the topics are read from their beginnings again. */
    void clear() {
        journal = RecordReader.ofJson(JournalEvent.class);
        scores = RecordReader.ofJson(EvaluationEvent.class);
        drift = RecordReader.ofJson(DriftEvent.class);
        manifests = RecordReader.ofJson(EncoderManifest.class);
        notices = RecordReader.ofJson(SlotRecord.class);
        view.clear();
        rejects.clear();
    }
}
