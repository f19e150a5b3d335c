package org.millrace.server.dashboard;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig.Remembers;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepHealth;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.registry.Standings;

/**
 * A run as its topics tell it: their records in order go in, what the page shows comes out. Bounded whatever the length of the run. Not
 * thread safe.
 */
final class RunView {
    private static final int POINTS = 600;
    private static final int EVALUATIONS = 400;
    private static final int PLANS = 1_024;
    private static final int ENCODERS = 64;
    private static final int RECENT_STEPS = 50;

    private final MillraceConfig own;
    private final Thinned<StepPoint> steps = new Thinned<>(POINTS, StepPoint::with);
    private final Thinned<Evaluation> evaluations = new Thinned<>(EVALUATIONS, (earlier, later) -> later);
    private final NavigableMap<Long, Evaluation> scores = new TreeMap<>(); // of the newest versions, revoked or not
    private final DriftView drift = new DriftView();
    private Standings standings = new Standings();
    private final NavigableMap<Long, StepPlan> plans = new TreeMap<>(); // of steps that are not done
    private final NavigableMap<Long, EncoderManifest> encoders = new TreeMap<>();
    private final Map<Integer, Long> trainedTo = new HashMap<>(); // by partition
    private final Deque<StepDone> recent = new ArrayDeque<>();
    private MillraceConfig settings;
    private @Nullable RunStarted start;
    private @Nullable StepDone last;
    private Optional<DictionaryHealth> dictionary = Optional.empty(); // the newest there is
    private @Nullable StepPlan newestFresh;

    /** @param own configuration, for a run that has not written down its own */
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
            settings = RunSettings.of(started, own);
        } else if (event instanceof StreamSkipped skip) {
            plans.tailMap(skip.step(), false).clear();
            trainedTo.putAll(skip.nextOffsets());
        }
    }

    // a step that is computed again after a restart tells the same again
    private void add(StepDone done) {
        if (last != null && done.step() <= last.step()) {
            return;
        }
        last = done;
        dictionary = done.health().flatMap(StepHealth::dictionary).or(() -> dictionary);
        StepPlan plan = plans.get(done.step());
        plans.headMap(done.step(), true).clear();
        if (plan != null && plan.fresh()) {
            newestFresh = plan;
            for (OffsetRange range : plan.ranges()) {
                trainedTo.put(range.partition(), range.to());
            }
        }
        steps.add(StepPoint.of(done));
        recent.add(done);
        if (recent.size() > RECENT_STEPS) {
            recent.remove();
        }
    }

    /** A record of {@code <run>.evaluations}. */
    void add(EvaluationEvent event) {
        standings.accept(event);
        if (event instanceof Evaluation evaluation) {
            add(evaluation);
        } else if (event instanceof EncoderRevocation revocation) {
            evaluations.removeIf(score -> score.version() == revocation.version());
            Optional.ofNullable(scores.get(revocation.version())).ifPresent(this::add);
        }
    }

    // a version may be scored again
    private void add(Evaluation evaluation) {
        scores.put(evaluation.version(), evaluation);
        if (scores.size() > EVALUATIONS) {
            scores.pollFirstEntry();
        }
        if (standings.isRevoked(evaluation.version())) {
            return;
        }
        if (!evaluations.replace(other -> other.version() == evaluation.version(), evaluation)) {
            evaluations.add(evaluation);
        }
    }

    void add(EncoderManifest manifest) {
        encoders.put(manifest.version(), manifest);
        if (encoders.size() > ENCODERS) {
            encoders.remove(encoders.firstKey());
        }
    }

    /** The encoder's weights are no longer on the topic. */
    void removeEncoder(long version) {
        encoders.remove(version);
    }

    /** A record of {@code <run>.drift}. */
    void add(DriftEvent event) {
        drift.add(event);
    }

    /** Forgets everything: the topics are read from their beginnings again. */
    void clear() {
        steps.clear();
        evaluations.clear();
        scores.clear();
        drift.clear();
        standings = new Standings();
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

    /** With which configuration the run is trained. */
    MillraceConfig settings() {
        return settings;
    }

    /** The newest step that is done and brought images of its own. */
    Optional<StepPlan> newestFresh() {
        return Optional.ofNullable(newestFresh);
    }

    /** The times that each alarm compares, by source, blank for all images. */
    Map<String, DriftView.Compared> compared() {
        return drift.compared();
    }

    /** Versions whose weights are on the topic and which are not revoked, oldest first. */
    List<Long> versions() {
        return encoders.keySet().stream()
                .filter(version -> !standings.isRevoked(version))
                .toList();
    }

    /** The offset behind the last trained image of a partition. */
    long trainedTo(int partition, long otherwise) {
        return trainedTo.getOrDefault(partition, otherwise);
    }

    /** Images per second over the last steps; empty where they are older than {@code sinceMillis}. */
    OptionalDouble imagesPerSecond(long sinceMillis) {
        if (recent.size() < 2 || recent.getLast().finishedAtMillis() < sinceMillis) {
            return OptionalDouble.empty();
        }
        StepDone from = recent.stream()
                .filter(done -> done.finishedAtMillis() >= sinceMillis)
                .findFirst()
                .orElseThrow();
        StepDone to = recent.getLast();
        long millis = to.finishedAtMillis() - from.finishedAtMillis();
        return millis <= 0
                ? OptionalDouble.empty()
                : OptionalDouble.of((to.imagesTrained() - from.imagesTrained()) * 1_000.0 / millis);
    }

    /** Puts what has changed where the page is told of it; the topics' own state comes from {@code progress}. */
    void publish(LiveState live, ReadProgress progress) {
        live.put("run", run(progress));
        live.put("dictionary", dictionary());
        live.put("stages", stages());
        live.put("encoders", encoders());
        live.put("standing", new Sections.Standing(standings.current(), standings.held()));
        live.put("alarms", drift.alarms());
        live.put("sources", drift.sources());
        if (steps.hasChanged()) {
            live.append("steps", steps.takeChanges());
        }
        if (evaluations.hasChanged()) {
            live.append("evaluations", evaluations.takeChanges());
        }
        drift.takeChanges().ifPresent(tail -> live.append("windows", tail));
    }

    /**
     * How far the topics have been read, and which of them there are not.
     *
     * @param unreadable records that were left out, by topic
     */
    record ReadProgress(
            OptionalDouble reading, boolean brokerAnswers, List<String> missing, Map<String, Long> unreadable) {}

    /** Where the run stands now. */
    RunFacts facts(ReadProgress progress, Sections.Stream stream, long nowMillis) {
        Optional<Evaluation> evaluation = evaluations.items().stream().reduce((earlier, later) -> later);
        return new RunFacts(
                nowMillis,
                run(progress),
                stream,
                settings.trainer().batchSize(),
                Optional.ofNullable(last).map(StepPoint::of),
                dictionary(),
                stages(),
                evaluation,
                new RunFacts.Encoders(
                        encoders.isEmpty() ? OptionalLong.empty() : OptionalLong.of(encoders.lastKey()),
                        standings.current(),
                        evaluation.map(score -> standings.isHeld(score.version()))),
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

    private Sections.Stages stages() {
        Map<String, Double> sums = new LinkedHashMap<>();
        recent.forEach(done -> done.stageMillis().forEach((stage, millis) -> sums.merge(stage, millis, Double::sum)));
        List<String> preparing = names(Stage::prepares);
        List<String> computing = new ArrayList<>(names(stage -> !stage.prepares()));
        sums.keySet().stream()
                .filter(stage -> !preparing.contains(stage) && !computing.contains(stage))
                .sorted()
                .forEach(computing::add); // of another release's trainer
        return new Sections.Stages(recent.size(), means(computing, sums), means(preparing, sums));
    }

    private static List<String> names(Predicate<Stage> which) {
        return Stream.of(Stage.values()).filter(which).map(Stage::key).toList();
    }

    private List<Sections.Stage> means(List<String> names, Map<String, Double> sums) {
        return names.stream()
                .filter(sums::containsKey)
                .map(name -> new Sections.Stage(name, sums.getOrDefault(name, 0.0) / recent.size()))
                .toList();
    }

    private List<Sections.Encoder> encoders() {
        return encoders.descendingMap().values().stream()
                .filter(manifest -> !standings.isRevoked(manifest.version()))
                .map(manifest -> new Sections.Encoder(
                        manifest.version(),
                        manifest.imagesTrained(),
                        manifest.bytes(),
                        manifest.encoder().architecture().name(),
                        manifest.sha256(),
                        manifest.publishedAtMillis()))
                .toList();
    }
}
