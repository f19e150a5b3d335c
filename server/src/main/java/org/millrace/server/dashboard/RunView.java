package org.millrace.server.dashboard;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig.Remembers;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.SlotsWanted;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepHealth;
import org.millrace.contract.event.StepImages;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;

/**
 * A run's state for the page, folded from the records of its topics in order. Bounded whatever the length of the run. Not thread safe.
 */
final class RunView {
    private static final int POINTS = 600;
    private static final int PLANS = 1_024;

    private final MillraceConfig own;
    private final Thinned<StepPoint> steps = new Thinned<>(POINTS, StepPoint::with);
    private final EncodersView encoders = new EncodersView();
    private final DriftView drift = new DriftView();
    private final RoundsView rounds = new RoundsView();
    private final NavigableMap<Long, StepPlan> plans = new TreeMap<>(); // of steps that are not done
    private final Map<Integer, Long> trainedTo = new HashMap<>(); // by partition
    private final RecentSteps recent = new RecentSteps();
    private MillraceConfig settings;
    private @Nullable RunStarted start;
    private @Nullable StepDone last;
    private Optional<DictionaryHealth> dictionary = Optional.empty(); // the newest there is
    private @Nullable FreshStep newestFresh;

    /** @param own configuration of this process, for a run that has not recorded its own */
    RunView(MillraceConfig own) {
        this.own = own;
        this.settings = own;
    }

    void add(JournalEvent event) {
        if (event instanceof StepPlan plan) {
            plans.put(plan.step(), plan);
            if (plans.size() > PLANS) {
                plans.pollFirstEntry();
            }
        } else if (event instanceof StepDone done) {
            add(done);
        } else if (event instanceof RunStarted started) {
            start = started;
            rounds.add(started);
            settings = RunSettings.of(started, own);
        } else if (event instanceof StreamSkipped skip) {
            plans.tailMap(skip.step(), false).clear();
            trainedTo.putAll(skip.nextOffsets());
        } else if (event instanceof RoundDealt deal) {
            rounds.add(deal);
        } else if (event instanceof RoundMerged merge) {
            rounds.add(merge);
        }
    }

    // a step that is computed again after a restart is reported again
    private void add(StepDone done) {
        if (last != null && done.step() <= last.step()) {
            return;
        }
        last = done;
        dictionary = done.health().flatMap(StepHealth::dictionary).or(() -> dictionary);
        StepPlan plan = plans.get(done.step());
        plans.headMap(done.step(), true).clear();
        if (plan != null && plan.fresh()) {
            newestFresh = new FreshStep(plan, done.images());
            for (OffsetRange range : plan.ranges()) {
                trainedTo.put(range.partition(), range.to());
            }
        }
        steps.add(StepPoint.of(done));
        recent.add(done);
    }

    /** A record of {@code <run>.slots}. */
    void add(SlotReady ready) {
        rounds.add(ready);
    }

    /** Another record of {@code <run>.slots}. */
    void add(SlotsWanted wanted) {
        rounds.add(wanted);
    }

    /** A record of {@code <run>.evaluations}. */
    void add(EvaluationEvent event) {
        encoders.add(event);
    }

    void add(EncoderManifest manifest) {
        encoders.add(manifest);
    }

    /** The encoder's weights are no longer on the topic. */
    void removeEncoder(long version) {
        encoders.remove(version);
    }

    /** A record of {@code <run>.drift}. */
    void add(DriftEvent event) {
        drift.add(event);
    }

    /** Scores of the encoders that are not revoked, as {@link EncodersView#scores} has them. */
    List<Evaluation> scores() {
        return encoders.scores();
    }

    /** Forgets everything: the topics are read from their beginnings again. */
    void clear() {
        steps.clear();
        drift.clear();
        rounds.clear();
        plans.clear();
        encoders.clear();
        trainedTo.clear();
        recent.clear();
        settings = own;
        start = null;
        last = null;
        dictionary = Optional.empty();
        newestFresh = null;
    }

    /** The configuration that the run is trained with. */
    MillraceConfig settings() {
        return settings;
    }

    /** A step that trained fresh images. */
    record FreshStep(StepPlan plan, Optional<StepImages> images) {}

    /** The newest of these that is done. */
    Optional<FreshStep> newestFresh() {
        return Optional.ofNullable(newestFresh);
    }

    /** The spans of time that each alarm compares, by source, blank for all images. */
    Map<String, DriftView.Compared> compared() {
        return drift.compared();
    }

    /** The offset after the last trained image of a partition. */
    long trainedTo(int partition, long otherwise) {
        return isOfSeveral() ? rounds.trainedTo(partition, otherwise) : trainedTo.getOrDefault(partition, otherwise);
    }

    /** Offsets before {@link #trainedTo} that are to be trained all the same. */
    long left() {
        return isOfSeveral() ? rounds.left() : 0;
    }

    /** Images per second over the last steps or rounds; empty where they are older than {@code sinceMillis}. */
    OptionalDouble imagesPerSecond(long sinceMillis) {
        return isOfSeveral() ? rounds.imagesPerSecond(sinceMillis) : recent.imagesPerSecond(sinceMillis);
    }

    /** Whether the run has several trainers. */
    boolean isOfSeveral() {
        return settings.rounds().several();
    }

    private Optional<Sections.Rounds> rounds(long nowMillis) {
        return isOfSeveral() ? Optional.of(rounds.section(settings.rounds().slots(), nowMillis)) : Optional.empty();
    }

    /** Writes every section to {@code live}, which keeps those that changed; the state of the topics comes from {@code progress}. */
    void publish(LiveState live, ReadProgress progress, long nowMillis) {
        live.put("run", run(progress));
        live.put("dictionary", dictionary());
        live.put("stages", recent.stages());
        live.put("encoders", encoders.section());
        live.put("standing", encoders.standing());
        live.put("rounds", rounds(nowMillis));
        live.put("alarms", drift.alarms());
        live.put("sources", drift.sources());
        if (steps.hasChanged()) {
            live.append("steps", steps.takeChanges());
        }
        encoders.takeChanges().ifPresent(tail -> live.append("evaluations", tail));
        drift.takeChanges().ifPresent(tail -> live.append("windows", tail));
        rounds.takeChanges().ifPresent(tail -> live.append("roundHistory", tail));
    }

    /**
     * How far the topics have been read, and which of them do not exist.
     *
     * @param unreadable records that were skipped, by topic
     */
    record ReadProgress(
            OptionalDouble reading, boolean brokerAnswers, List<String> missing, Map<String, Long> unreadable) {}

    /** The run's current state. */
    RunFacts facts(ReadProgress progress, Sections.Stream stream, long nowMillis) {
        return new RunFacts(
                nowMillis,
                run(progress),
                stream,
                isOfSeveral()
                        ? rounds.needed(settings.rounds().slots())
                        : settings.trainer().batchSize(),
                Optional.ofNullable(last).map(StepPoint::of),
                rounds(nowMillis),
                dictionary(),
                recent.stages(),
                encoders.newestScore(),
                encoders.facts(),
                drift.newest(),
                drift.alarms());
    }

    private Sections.Run run(ReadProgress progress) {
        Optional<StepDone> done = Optional.ofNullable(last);
        return new Sections.Run(
                own.run().name(),
                progress.reading(),
                progress.brokerAnswers(),
                progress.missing(),
                progress.unreadable(),
                Optional.ofNullable(start)
                        .map(started ->
                                new Sections.Start(started.writer(), started.engine(), started.startedAtMillis())),
                done.map(StepDone::step).orElse(0L),
                done.map(StepDone::imagesTrained).orElse(0L),
                done.map(StepDone::imagesRejected).orElse(0L),
                done.flatMap(StepDone::gate),
                recent.otherFrames(settings.trainer().batchSize()),
                done.map(StepDone::finishedAtMillis),
                done.map(StepDone::collapsed).orElse(false),
                RunSettings.named(settings));
    }

    private Sections.Dictionary dictionary() {
        boolean remembers = settings.trainer().objective().remembers() == Remembers.KEYS;
        Optional<DictionaryHealth.Ages> ages = dictionary.map(DictionaryHealth::ages);
        return new Sections.Dictionary(
                remembers ? settings.moco().queueSize() : 0,
                last == null ? 0 : last.keysFilled(),
                last == null ? 0 : last.keySequence(),
                ages.map(found -> OptionalDouble.of(found.mean())).orElse(OptionalDouble.empty()),
                ages.map(found -> OptionalDouble.of((double) found.oldest())).orElse(OptionalDouble.empty()),
                dictionary
                        .flatMap(DictionaryHealth::consistency)
                        .map(found -> OptionalDouble.of(found.cosine()))
                        .orElse(OptionalDouble.empty()));
    }
}
