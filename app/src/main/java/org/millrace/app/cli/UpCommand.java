package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.millrace.app.run.DriftReports;
import org.millrace.app.run.DriftService;
import org.millrace.app.run.EvaluationBoard;
import org.millrace.app.run.EvaluatorService;
import org.millrace.app.run.PushService;
import org.millrace.app.run.RunStatistics;
import org.millrace.app.run.TrainerService;
import org.millrace.app.text.DriftNews;
import org.millrace.app.text.TrainingDisplay;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.service.Services;
import org.millrace.encoder.precision.HalfInstructions;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.ingest.push.PushProgress;
import org.millrace.ingest.push.PushRequest;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.run.RunSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Everything in one process, on the user's images, until stopped. */
@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        description = {
            "Run everything in one process, on your images.",
            "Broker, trainer, evaluator, dashboard and drift monitor, until stopped; Ctrl-C takes a checkpoint.",
            "Push more images from another terminal with `millrace push --bootstrap-server` and the address that it prints."
        })
final class UpCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "PATH",
            description =
                    "Images to push first: folder, tar, tar.gz, zip, IDX or single file. Without any, waits for images.")
    private List<String> paths = List.of();

    @Option(names = "--no-drift", description = "Do not monitor the images for drift.")
    private boolean noDrift;

    @Mixin
    private HttpOption http;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of(), run.assignments());
        paths.forEach(PushCommand::checkExists);
        SelfTest.atStart(config, Use.TRAINING);
        PrintWriter out = spec.commandLine().getOut();
        var statistics = new RunStatistics(config.trainer().batchSize());
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config);
                TrainingDisplay display = new TrainingDisplay(out, statistics, OptionalLong.empty());
                Services services = new Services(display::say, config.run().data())) {
            String broker = connection.kafka().bootstrapServers();
            display.say("broker at " + broker + (connection.isEmbedded() ? ", embedded" : "") + "; state under "
                    + config.run().data() + ", log in " + options.logFile(config));
            String push = "millrace push --bootstrap-server " + broker;
            display.say("push more from another terminal: " + push
                    + topic("images.topic", config.images().topic()) + " PATH");
            display.say("labelled images for scores:      " + push
                    + topic("images.probe-topic", config.images().probeTopic())
                    + " --to probe --labels folder PATH");
            boolean newRun = RunSettings.requireSame(config, connection.kafka()); // before any part changes the run
            HalfInstructions.advice(config, newRun).ifPresent(display::say);
            connection.createImageTopics(config.images());
            http.start(services, config, connection.kafka(), display::say);
            if (!paths.isEmpty()) {
                PushRequest request = PushRequest.of(paths, PushRequest.Target.IMAGES);
                services.superviseOnce(
                        "push",
                        new PushService(
                                request,
                                connection.kafka(),
                                config.images(),
                                PushProgress.SILENT,
                                report -> display.say(PushCommand.summary(
                                        report, config.images(), config.images().topic()))),
                        "Training continues with the images pushed so far; push the rest from another terminal, as above.");
            }
            EvaluationBoard board = new EvaluationBoard(display);
            services.supervise("evaluate", () -> new EvaluatorService(config, connection.kafka(), board));
            var trainer = new TrainerService(
                    config, connection.kafka(), display, TrainLimits.NONE, connection.stopPatience());
            services.startVital("train", trainer);
            if (!noDrift) {
                services.supervise(
                        "drift",
                        () -> new DriftService(config, connection.kafka(), DriftService.Claim.WAITS, display::say));
                DriftNews news = new DriftNews(line -> display.say(line), broker);
                services.supervise("alarms", () -> new DriftReports(config, connection.kafka(), news));
            }
            signal.await(services);
            display.say("stopping: finishing the step and taking a checkpoint");
            services.stop();
            display.stopped();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // the option that names a topic to another command, where its default is another
    private static String topic(String key, String value) {
        boolean usual = ConfigLoader.keys().stream()
                .anyMatch(known ->
                        known.name().equals(key) && known.defaultValue().equals(value));
        return usual ? "" : " --set " + key + "=" + value;
    }
}
