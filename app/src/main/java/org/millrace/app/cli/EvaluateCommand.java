package org.millrace.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.millrace.app.benchmark.BenchmarkReport;
import org.millrace.app.benchmark.BenchmarkRequest;
import org.millrace.app.benchmark.BenchmarkRun;
import org.millrace.app.run.EvaluatorService;
import org.millrace.app.text.BenchmarkDisplay;
import org.millrace.app.text.EvaluationTable;
import org.millrace.app.text.StandingText;
import org.millrace.contract.OutFile;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Json;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.EncoderAcceptance;
import org.millrace.contract.registry.Standings;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.evaluator.Evaluator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Scores a run's published encoders on the labelled probe images. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        description = {
            "Score the run's encoders on labelled images.",
            "Scores the encoders that have no score yet on the labelled images of the probe topic, and prints all scores of the run.",
            "Linear probe and weighted nearest neighbours, each on the held-out half of the labelled images.",
            "With --protocol: scores one encoder, from a checkpoint on disk or the topic, by the papers' probe protocols."
        })
final class EvaluateCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Mixin
    private BenchmarkOptions benchmark;

    @Option(names = "--watch", description = "Keep scoring encoders as they are published, until stopped.")
    private boolean watch;

    @Option(names = "--create-topics", description = "Create missing topics of images instead of refusing to start.")
    private boolean createTopics;

    @Option(
            names = "--accept",
            paramLabel = "VERSION",
            description =
                    "Accept this encoder, which evaluator.churn-budget holds, so that it can become current; scores nothing.")
    private @Nullable Long accepted;

    @Override
    public void run() {
        Optional<BenchmarkRequest> request = benchmark.request();
        MillraceConfig own = options.config(Map.of(), run.assignments());
        PrintWriter out = spec.commandLine().getOut();
        if (request.isPresent()) {
            benchmark(own, request.get(), out);
            return;
        }
        if (accepted != null) {
            accept(own, accepted, out);
            return;
        }
        SelfTest.atStart(own, Use.EMBEDDING);
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(own)) {
            MillraceConfig config = options.ofRun(own, connection.kafka(), run);
            if (createTopics) {
                connection.createImageTopics(config.images());
            }
            EvaluationTable table = new EvaluationTable(out, config.evaluator());
            try (Evaluator evaluator = EvaluatorService.open(config, connection.kafka(), table)) {
                signal.onStop(Thread.currentThread()::interrupt);
                if (watch) {
                    evaluator.run();
                    return;
                }
                List<Evaluation> scored = evaluator.evaluateOnce();
                if (scored.isEmpty() && !signal.requested()) {
                    out.println("no encoder of run " + config.run().name() + " waits to be scored");
                }
                out.println(StandingText.summary(config.run().name(), evaluator.standings()));
                out.flush();
            }
        }
    }

    private void accept(MillraceConfig config, long version, PrintWriter out) {
        if (watch || createTopics) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--accept scores nothing: it cannot be combined with --watch or --create-topics");
        }
        try (Connection connection = options.connect(config)) {
            Standings standings =
                    EncoderAcceptance.accept(connection.kafka(), config.run().topics(), version, Clock.systemUTC());
            out.println("accepted: " + StandingText.summary(config.run().name(), standings));
            out.flush();
        }
    }

    /** Scores one encoder by the papers' probe protocols; prints the scores, and writes them to no topic. */
    private void benchmark(MillraceConfig own, BenchmarkRequest request, PrintWriter out) {
        if (watch || accepted != null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--protocol scores one encoder: it cannot be combined with --watch or --accept");
        }
        SelfTest.atStart(own, Use.EMBEDDING);
        Optional<Path> json = benchmark.json();
        try (StopSignal signal = StopSignal.install();
                BenchmarkDisplay display =
                        new BenchmarkDisplay(out, spec.commandLine().getErr(), signal::requested)) {
            signal.onStop(Thread.currentThread()::interrupt);
            BenchmarkReport report;
            if (request.needsKafka()) {
                try (Connection connection = options.connect(own)) {
                    MillraceConfig config = options.ofRun(own, connection.kafka(), run);
                    report = run(config, request, Optional.of(connection.kafka()), display);
                }
            } else {
                report = run(own, request, Optional.empty(), display);
            }
            json.ifPresent(file -> write(file, report));
        } catch (InterruptException e) {
            throw new UserException("stopped before the images were read", e);
        }
    }

    private static BenchmarkReport run(
            MillraceConfig config, BenchmarkRequest request, Optional<KafkaSettings> kafka, BenchmarkDisplay display) {
        return new BenchmarkRun(config, request, kafka, display, Clock.systemUTC()).run();
    }

    private static void write(Path file, BenchmarkReport report) {
        try {
            Files.writeString(file, Json.writePretty(report) + System.lineSeparator());
        } catch (IOException e) {
            throw OutFile.refused(file, e);
        }
    }
}
