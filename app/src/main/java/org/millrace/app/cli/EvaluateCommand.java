package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.millrace.app.run.EvaluatorService;
import org.millrace.app.run.HealthText;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.evaluator.Evaluator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Scores a run's published encoders on the labelled probe images. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description = {
            "Score the run's published encoders on the topic of labelled images, and print every score of the run.",
            "Linear probe and weighted nearest neighbours, each on the held-out half of the labelled images."
        })
final class EvaluateCommand implements Runnable {
    private static final String HEADER =
            "encoder      images trained   linear      λ       kNN     k    t     fitted on   held out";

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions options;

    @Option(names = "--watch", description = "Go on scoring encoders as they are published, until stopped.")
    private boolean watch;

    @Option(
            names = "--create-topics",
            description = "Create the topics of images where they are missing, instead of refusing to start.")
    private boolean createTopics;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of());
        PrintWriter out = spec.commandLine().getOut();
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config)) {
            if (createTopics) {
                connection.createImageTopics(config.images());
            }
            out.println(HEADER);
            out.flush();
            try (Evaluator evaluator =
                    EvaluatorService.open(config, connection.kafka(), evaluation -> print(out, evaluation))) {
                signal.onStop(Thread.currentThread()::interrupt);
                if (watch) {
                    evaluator.run();
                    return;
                }
                List<Evaluation> scored = evaluator.evaluateOnce();
                if (scored.isEmpty() && !signal.requested()) {
                    out.println("no encoder of run " + config.run().name() + " waits to be scored");
                }
            }
        }
    }

    private static void print(PrintWriter out, Evaluation evaluation) {
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
        evaluation.health().ifPresent(health -> out.println("             " + HealthText.line(health)));
        out.flush();
    }
}
