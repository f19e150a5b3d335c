package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.millrace.app.run.RunStatistics;
import org.millrace.app.run.TrainerService;
import org.millrace.app.text.TrainingDisplay;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.service.Services;
import org.millrace.encoder.precision.HalfInstructions;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.run.RunSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a run on the topic of images. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = {
            "Train a run on the topic of images.",
            "Runs until stopped; Ctrl-C takes a checkpoint. A restart continues from the newest checkpoint."
        })
final class TrainCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Option(names = "--until-step", paramLabel = "N", description = "Stop after step N of the run.")
    private @Nullable Long untilStep;

    @Option(
            names = "--until-end",
            description = "Stop when everything in the log at the start has been trained, instead of waiting for more.")
    private boolean untilEnd;

    @Option(names = "--create-topics", description = "Create missing topics of images instead of refusing to start.")
    private boolean createTopics;

    @Option(
            names = "--on-gap",
            paramLabel = "fail|skip",
            description =
                    "If the next images of the run are no longer in the log: stop with an error (fail, the default), or continue"
                            + " without them and record that in the journal (skip). Short for --set trainer.on-gap.")
    private @Nullable String onGap;

    @Override
    public void run() {
        if (untilStep != null && untilStep < 0) {
            throw new ParameterException(spec.commandLine(), "--until-step must be at least 0, but was " + untilStep);
        }
        List<String> assignments = new ArrayList<>(run.assignments());
        if (onGap != null) {
            assignments.add("trainer.on-gap=" + onGap);
        }
        MillraceConfig config = options.config(Map.of(), assignments);
        SelfTest.atStart(config, Use.TRAINING);
        PrintWriter out = spec.commandLine().getOut();
        OptionalLong last = untilStep == null ? OptionalLong.empty() : OptionalLong.of(untilStep);
        var statistics = new RunStatistics(config.trainer().batchSize());
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config);
                TrainingDisplay display = new TrainingDisplay(out, statistics, last);
                Services services = new Services()) {
            boolean newRun = RunSettings.requireSame(config, connection.kafka()); // before any topic is created
            if (createTopics) {
                connection.createImageTopics(config.images());
            }
            display.say("training run " + config.run().name() + " from "
                    + config.images().topic() + " at " + connection.kafka().bootstrapServers() + "; log in "
                    + options.logFile(config));
            HalfInstructions.advice(config, newRun).ifPresent(display::say);
            var trainer = new TrainerService(
                    config, connection.kafka(), display, new TrainLimits(last, untilEnd), connection.stopPatience());
            signal.await(services, services.start("train", trainer));
            services.stop();
            display.stopped();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
