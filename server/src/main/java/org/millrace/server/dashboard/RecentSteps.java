package org.millrace.server.dashboard;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepDone;

/** The last few steps of a run: their rate, and where their time went. Not thread safe. */
final class RecentSteps {
    private static final int STEPS = 50;

    private final Deque<StepDone> steps = new ArrayDeque<>();

    void add(StepDone done) {
        steps.add(done);
        if (steps.size() > STEPS) {
            steps.remove();
        }
    }

    void clear() {
        steps.clear();
    }

    /** Images per second; empty where the steps are older than {@code sinceMillis}. */
    OptionalDouble imagesPerSecond(long sinceMillis) {
        if (steps.size() < 2 || steps.getLast().finishedAtMillis() < sinceMillis) {
            return OptionalDouble.empty();
        }
        StepDone from = steps.stream()
                .filter(done -> done.finishedAtMillis() >= sinceMillis)
                .findFirst()
                .orElseThrow();
        StepDone to = steps.getLast();
        long millis = to.finishedAtMillis() - from.finishedAtMillis();
        return millis <= 0
                ? OptionalDouble.empty()
                : OptionalDouble.of((to.imagesTrained() - from.imagesTrained()) * 1_000.0 / millis);
    }

    /** Share of their second views that were made from another frame; empty where their trainer does not say. */
    OptionalDouble otherFrames(int batchSize) {
        return steps.stream()
                .flatMap(done -> done.images().stream())
                .mapToDouble(images -> (double) images.otherFrames() / batchSize)
                .average();
    }

    Sections.Stages stages() {
        Map<String, Double> sums = new LinkedHashMap<>();
        steps.forEach(done -> done.stageMillis().forEach((stage, millis) -> sums.merge(stage, millis, Double::sum)));
        List<String> preparing = names(Stage::prepares);
        List<String> computing = new ArrayList<>(names(stage -> !stage.prepares()));
        sums.keySet().stream()
                .filter(stage -> !preparing.contains(stage) && !computing.contains(stage))
                .sorted()
                .forEach(computing::add); // of a trainer of another release
        return new Sections.Stages(steps.size(), means(computing, sums), means(preparing, sums));
    }

    private static List<String> names(Predicate<Stage> which) {
        return Stream.of(Stage.values()).filter(which).map(Stage::key).toList();
    }

    private List<Sections.Stage> means(List<String> names, Map<String, Double> sums) {
        return names.stream()
                .filter(sums::containsKey)
                .map(name -> new Sections.Stage(name, sums.getOrDefault(name, 0.0) / steps.size()))
                .toList();
    }
}
