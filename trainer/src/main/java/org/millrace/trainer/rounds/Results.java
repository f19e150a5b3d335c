package org.millrace.trainer.rounds;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.trainer.TrainerEvents;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.run.EncoderPublisher;

/**
 * What merged rounds leave behind: published encoders, and every {@value #DURABLE_EVERY} rounds a durable state, after which the
 * contributions before the older of the states that are kept are deleted. Used by the conductor's thread.
 */
final class Results {
    private static final int DURABLE_EVERY = 20; // rounds
    private static final int DURABLE_KEPT = 2;

    private final RunTopics topics;
    private final int publishEverySteps;
    private final RunWriter writer;
    private final Work work;
    private final BooleanSupplier enough;
    private final TrainerEvents events;
    private final EncoderPublisher publisher;
    private final NavigableMap<Long, Globals.Manifest> durable; // by round
    private final NavigableMap<Long, Map<Integer, Long>> workEnds = new TreeMap<>(); // by round, of each slot

    Results(
            MillraceConfig config,
            KafkaSettings kafka,
            Torch torch,
            Rounds journal,
            RunWriter writer,
            Work work,
            BooleanSupplier enough,
            TrainerEvents events,
            Clock clock) {
        this.topics = config.run().topics();
        this.publishEverySteps = config.trainer().publishEverySteps();
        this.writer = writer;
        this.work = work;
        this.enough = enough;
        this.events = events;
        this.durable = Globals.read(kafka, topics.globals(), journal).manifests();
        this.publisher = EncoderPublisher.of(writer, config, kafka, torch, published(kafka, topics), clock);
    }

    private static List<Long> published(KafkaSettings kafka, RunTopics topics) {
        return PublishedEncoders.all(kafka, topics).stream()
                .map(EncoderManifest::version)
                .filter(version -> version > 0)
                .sorted()
                .toList();
    }

    /** Publishes what the process that led before should have. */
    void takeOver(GlobalState state) {
        if (state.round() == 0) {
            publisher.publish(0, 0, encoder(state));
        } else if (state.step() - publisher.newest() >= publishEverySteps) {
            publish(state);
        }
    }

    /** Remembers where a round's contributions lie, which are deleted one day. */
    void used(RoundMerged merge) {
        Map<Integer, Long> ends = new TreeMap<>();
        merge.slots().forEach(slot -> ends.put(slot.slot(), slot.to()));
        workEnds.put(merge.round(), ends);
    }

    /** Publishes and keeps what is due after a merge. */
    void merged(GlobalState before, GlobalState after) throws InterruptedException {
        if (after.step() / publishEverySteps > before.step() / publishEverySteps) {
            publish(after);
        }
        if (after.round() % DURABLE_EVERY == 0) {
            keep(after);
        }
    }

    /** Publishes and keeps a state that nothing may follow. */
    void finish(GlobalState state) throws InterruptedException {
        if (state.round() > 0) {
            publish(state);
            keep(state);
        }
        Durable.await(writer.allSoFar(), enough, "the last encoder");
        writer.awaitReadable(enough);
    }

    private void publish(GlobalState state) {
        if (state.step() > publisher.newest()) {
            publisher.publish(state.step(), state.imagesTrained(), encoder(state));
            events.published(state.step());
        }
    }

    private static Safetensors encoder(GlobalState state) {
        return Objective.encoderOf(state.query());
    }

    private void keep(GlobalState state) throws InterruptedException {
        if (durable.containsKey(state.round())) {
            return;
        }
        var records = new ArrayList<>(Globals.records(topics.globals(), state));
        durable.put(state.round(), new Globals.Manifest(state.round(), records.size() - 1, ""));
        while (durable.size() > DURABLE_KEPT) {
            records.addAll(
                    Globals.removal(topics.globals(), durable.pollFirstEntry().getValue()));
        }
        writer.send(records);
        Durable.await(writer.allSoFar(), enough, "the state of round " + state.round());
        events.checkpointed(state.step());
        if (durable.size() == DURABLE_KEPT) {
            deleteWorkBefore(durable.firstKey());
        }
    }

    private void deleteWorkBefore(long round) {
        Map<Integer, Long> useless = new TreeMap<>();
        workEnds.headMap(round).values().forEach(useless::putAll);
        workEnds.headMap(round).clear();
        if (!useless.isEmpty()) {
            work.deleteBefore(useless);
        }
    }
}
