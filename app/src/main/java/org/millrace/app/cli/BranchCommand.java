package org.millrace.app.cli;

import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.millrace.app.run.RunStatistics;
import org.millrace.app.run.TrainerService;
import org.millrace.app.text.TrainingDisplay;
import org.millrace.contract.Count;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.service.Services;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.run.RunBranch;
import org.millrace.trainer.run.RunFolders;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Cools a copy of a run, so that its encoder can be released while the run continues. */
@Command(
        name = "branch",
        mixinStandardHelpOptions = true,
        description = {
            "Release an encoder from a run that has no end.",
            "Starts the run NEW_NAME from the newest checkpoint of the trunk (--run), trains it on the stream from there on",
            "while its learning rate falls linearly to 0, and publishes its encoder to NEW_NAME.encoders.",
            "The trunk is not changed and may keep training, best with --bootstrap-server."
        })
final class BranchCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NEW_NAME", description = "Name of the new run.")
    private String name = "";

    @Option(
            names = "--cool-steps",
            required = true,
            paramLabel = "N",
            description = "Steps over which the rate falls to 0; usual is a tenth to a fifth of the trunk's steps.")
    private long coolSteps;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        checkArguments();
        MillraceConfig own = options.config(Map.of(), run.assignments());
        Map<String, String> settings = RunFolders.checkpoints(own)
                .newestState()
                .map(state -> CommonOptions.defaults(state.configuration()))
                .orElse(Map.of());
        MillraceConfig trunk = options.config(settings, run.assignments());
        if (trunk.run().name().equals(name)) {
            throw new UserException("NEW_NAME must differ from the name of the trunk, run.name=" + name
                    + ". Choose a name that no run has had.");
        }
        PrintWriter out = spec.commandLine().getOut();
        var statistics = new RunStatistics(trunk.trainer().batchSize());
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(trunk)) {
            RunBranch start = RunBranch.of(trunk);
            long last = start.step() + coolSteps;
            List<String> cooling = List.of(
                    "run.name=" + name, "optimiser.cool-from=" + start.step(), "optimiser.cool-steps=" + coolSteps);
            MillraceConfig branch = options.config(settings, cooling);
            start.create(branch, connection.kafka(), Clock.systemUTC());
            try (TrainingDisplay display = new TrainingDisplay(out, statistics, OptionalLong.of(last));
                    Services services = new Services()) {
                display.say("branch " + name + " of run " + trunk.run().name() + " after step " + start.step()
                        + "; its rate falls to 0 at step " + last);
                var limits = new TrainLimits(OptionalLong.of(last), false);
                var trainer =
                        new TrainerService(branch, connection.kafka(), display, limits, connection.stopPatience());
                signal.await(services, services.start("train", trainer));
                services.stop();
                display.say(
                        statistics.steps() == coolSteps
                                ? "branch " + name + " is done: encoder " + last + " is on "
                                        + branch.run().topics().encoders()
                                : "stopped after " + statistics.steps() + " of " + Count.of(coolSteps, "step")
                                        + "; to go on, with the same settings: millrace train --until-step "
                                        + last + " --set " + String.join(" --set ", cooling));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void checkArguments() {
        if (coolSteps < 1) {
            throw new ParameterException(spec.commandLine(), "--cool-steps must be at least 1, but was " + coolSteps);
        }
        try {
            new RunTopics(name);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "NEW_NAME: " + e.getMessage(), e);
        }
    }
}
