package org.millrace.app.text;

import java.io.PrintWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.registry.Standings;
import org.millrace.evaluator.EvaluationListener;

/** Evaluations as a text table: a row of scores, and below it measures of the features. Used by one thread. */
public final class EvaluationTable implements EvaluationListener {
    private static final String HEADER =
            "encoder      images trained   linear      λ       kNN     k    t     fitted on   held out";

    private final PrintWriter out;
    private final EvaluatorConfig config;
    private final Set<Long> shown = new HashSet<>(); // versions

    /** Prints the header. */
    public EvaluationTable(PrintWriter out, EvaluatorConfig config) {
        this.out = out;
        this.config = config;
        out.println(HEADER);
        out.flush();
    }

    /** Every score of the run once, with its current status. */
    @Override
    public void published(List<Evaluation> evaluations, Standings standings) {
        for (Evaluation evaluation : evaluations) {
            EncoderRevocation revocation = standings.revoked().get(evaluation.version());
            row(evaluation, revocation == null ? "" : "REVOKED: " + revocation.reason());
        }
    }

    @Override
    public void evaluated(Evaluation evaluation) {
        row(
                evaluation,
                shown.contains(evaluation.version())
                        ? "again, with more labelled images or further spaces: replaces the row above"
                        : "");
    }

    private void row(Evaluation evaluation, String note) {
        shown.add(evaluation.version());
        out.println(String.format(
                Locale.ROOT,
                "%-12d %,14d   %5.1f %%   %.0e   %5.1f %%   %-4d %-5.2f %,8d   %,8d%s",
                evaluation.version(),
                evaluation.imagesTrained(),
                100 * evaluation.linear().accuracy(),
                evaluation.linear().l2(),
                100 * evaluation.neighbours().accuracy(),
                evaluation.neighbours().k(),
                evaluation.neighbours().temperature(),
                evaluation.trainImages(),
                evaluation.testImages(),
                evaluation.linear().converged() ? "" : "   (linear probe did not converge)"));
        if (!note.isEmpty()) {
            out.println("             " + note);
        }
        int k = evaluation.neighbours().k();
        if (k < config.neighbours()) {
            out.println("             k = " + k + " instead of " + config.neighbours()
                    + " (evaluator.neighbours): classes have no more training images on average");
        }
        if (evaluation.linear().interval().isPresent()) {
            out.println("             95 %: linear " + AccuracyText.linear(evaluation) + " · kNN "
                    + AccuracyText.neighbours(evaluation));
        }
        evaluation.health().ifPresent(health -> out.println("             " + HealthText.line(health)));
        if (evaluation.modelDrift().isPresent()) {
            out.println("             "
                    + ModelDriftText.line(evaluation.modelDrift().get()));
        } else if (config.anchors() > 0 && evaluation.testImages() <= config.anchorNeighbours()) {
            out.println("             against earlier encoders: not enough held-out images, more than "
                    + config.anchorNeighbours() + " are needed (evaluator.anchor-neighbours)");
        }
        evaluation.oldDomain().ifPresent(old -> out.println("             " + OldDomainText.line(old)));
        evaluation.spaces().orElse(List.of()).forEach(scores -> out.println("             " + SpaceText.line(scores)));
        evaluation
                .standing()
                .map(StandingText::line)
                .filter(line -> !line.isEmpty())
                .ifPresent(line -> out.println("             " + line));
        out.flush();
    }
}
