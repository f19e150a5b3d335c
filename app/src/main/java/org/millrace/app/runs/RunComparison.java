package org.millrace.app.runs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.SettingChanges;
import org.millrace.contract.config.SettingChanges.Change;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.evaluator.score.PairedScores;
import org.millrace.trainer.run.RunSettings;

/**
 * Two runs side by side: the settings in which they differ, and their scores over images trained.
 *
 * @param settings that bear on numbers, as the first has them and as the second does
 * @param rows by images trained, ascending
 * @param newest the newest score of each, whatever their images; empty where one has none
 */
public record RunComparison(String first, String second, List<Change> settings, List<Row> rows, Optional<Row> newest) {
    public RunComparison {
        settings = List.copyOf(settings);
        rows = List.copyOf(rows);
    }

    /**
     * Scores of encoders that were trained on as many images; a run may have none there.
     *
     * @param difference the first's minus the second's
     */
    public record Row(Optional<Score> first, Optional<Score> second, Optional<PairedScores> difference) {}

    /** An encoder's scores. */
    public record Score(long version, long imagesTrained, int images, double linear, double neighbours) {
        static Score of(Evaluation evaluation) {
            return new Score(
                    evaluation.version(),
                    evaluation.imagesTrained(),
                    evaluation.testImages(),
                    evaluation.linear().accuracy(),
                    evaluation.neighbours().accuracy());
        }
    }

    /** Reads the journals' starts and the scores of both runs, whose journals must exist. */
    public static RunComparison read(KafkaSettings kafka, RunTopics first, RunTopics second) {
        try (TopicSetup setup = new TopicSetup(kafka)) {
            setup.requireRun(first);
            setup.requireRun(second);
        }
        SettingChanges changes = SettingChanges.between(
                RunSettings.ofStart(kafka, first).orElse(Map.of()),
                RunSettings.ofStart(kafka, second).orElse(Map.of()));
        List<Change> settings = new ArrayList<>(changes.structural());
        settings.addAll(changes.others());
        return of(
                first.run(),
                second.run(),
                settings,
                PublishedEvaluations.read(kafka, first).all(),
                PublishedEvaluations.read(kafka, second).all());
    }

    static RunComparison of(
            String first, String second, List<Change> settings, List<Evaluation> ofFirst, List<Evaluation> ofSecond) {
        Map<Long, Evaluation> ones = byImages(ofFirst);
        Map<Long, Evaluation> others = byImages(ofSecond);
        TreeMap<Long, Row> rows = new TreeMap<>();
        ones.forEach((images, one) -> rows.put(images, row(one, others.get(images))));
        others.forEach((images, other) -> rows.putIfAbsent(images, row(null, other)));
        Optional<Row> newest = ofFirst.isEmpty() || ofSecond.isEmpty()
                ? Optional.empty()
                : Optional.of(row(newest(ofFirst), newest(ofSecond)));
        return new RunComparison(first, second, settings, List.copyOf(rows.values()), newest);
    }

    private static Map<Long, Evaluation> byImages(List<Evaluation> evaluations) {
        Map<Long, Evaluation> byImages = new TreeMap<>();
        evaluations.forEach(evaluation -> byImages.put(evaluation.imagesTrained(), evaluation));
        return byImages;
    }

    private static Evaluation newest(List<Evaluation> evaluations) {
        return evaluations.stream()
                .reduce((one, other) -> other.version() >= one.version() ? other : one)
                .orElseThrow();
    }

    private static Row row(@Nullable Evaluation first, @Nullable Evaluation second) {
        return new Row(
                Optional.ofNullable(first).map(Score::of),
                Optional.ofNullable(second).map(Score::of),
                first == null || second == null ? Optional.empty() : Optional.of(PairedScores.of(first, second)));
    }
}
