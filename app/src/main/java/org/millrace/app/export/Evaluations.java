package org.millrace.app.export;

import java.util.List;
import org.millrace.contract.RunTopics;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEvaluations;
import org.millrace.contract.registry.Standings;

/**
 * The scores of a run, or of one version of its encoder.
 *
 * @param found in the order in which they were published
 * @param standings of all versions; none is held if the topic was not read
 * @param note why scores are missing or incomplete; blank if they are complete
 */
public record Evaluations(List<Evaluation> found, Standings standings, String note) {
    public Evaluations {
        found = List.copyOf(found);
    }

    /** No scores, because the topic could not be read. */
    public static Evaluations unread(String why) {
        return new Evaluations(List.of(), new Standings(), "The run's evaluations were not read: " + why);
    }

    /** Reads the topic of evaluations up to its current end. */
    public static Evaluations read(KafkaSettings kafka, RunTopics topics) {
        PublishedEvaluations published = PublishedEvaluations.read(kafka, topics);
        return new Evaluations(
                published.all(),
                published.standings(),
                published.all().isEmpty()
                        ? "No encoder of this run was evaluated: the topic " + topics.evaluations() + " has no scores."
                        : "");
    }

    /** The scores of one version. */
    Evaluations of(long version) {
        List<Evaluation> own = found.stream()
                .filter(evaluation -> evaluation.version() == version)
                .toList();
        boolean others = own.isEmpty() && !found.isEmpty();
        return new Evaluations(
                own,
                standings,
                others
                        ? "The encoder of this step was not evaluated (only published encoders are; trainer.publish-every-steps)."
                        : note);
    }
}
