package org.millrace.server.dashboard;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.RunTopics;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.evaluator.score.PairedScores;

/**
 * Scores of several runs beside each other, as their topics have them now.
 *
 * @param runs the first is what the others are compared with
 */
record ComparedRuns(List<Scored> runs) {
    /**
     * A run's encoders in the order of their versions.
     *
     * @param difference the newest one's accuracies minus those of the first run's newest; absent for the first run, and where one has none
     */
    record Scored(String run, List<Score> scores, Optional<PairedScores> difference) {}

    /** An encoder's scores. */
    record Score(
            long version,
            long imagesTrained,
            long evaluatedAtMillis,
            int testImages,
            Evaluation.LinearScore linear,
            Evaluation.NeighbourScore neighbours) {
        static Score of(Evaluation evaluation) {
            return new Score(
                    evaluation.version(),
                    evaluation.imagesTrained(),
                    evaluation.evaluatedAtMillis(),
                    evaluation.testImages(),
                    evaluation.linear(),
                    evaluation.neighbours());
        }
    }

    /** Reads the scores of these runs; a run without a topic has none. */
    static ComparedRuns read(KafkaSettings kafka, List<String> names) {
        return of(
                names,
                names.stream()
                        .map(name -> PublishedEvaluations.read(kafka, new RunTopics(name))
                                .all())
                        .toList());
    }

    static ComparedRuns of(List<String> names, List<List<Evaluation>> evaluations) {
        List<Scored> runs = new ArrayList<>();
        Optional<Evaluation> first = newest(evaluations.get(0));
        for (int i = 0; i < names.size(); i++) {
            List<Evaluation> own = evaluations.get(i);
            Optional<Evaluation> newest = i == 0 ? Optional.empty() : newest(own);
            runs.add(new Scored(
                    names.get(i),
                    own.stream()
                            .sorted(Comparator.comparingLong(Evaluation::version))
                            .map(Score::of)
                            .toList(),
                    newest.flatMap(other -> first.map(one -> PairedScores.of(other, one)))));
        }
        return new ComparedRuns(runs);
    }

    private static Optional<Evaluation> newest(List<Evaluation> evaluations) {
        return evaluations.stream().max(Comparator.comparingLong(Evaluation::version));
    }
}
