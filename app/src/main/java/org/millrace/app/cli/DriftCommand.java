package org.millrace.app.cli;

import java.util.Map;
import java.util.Set;
import org.millrace.app.run.DriftReports;
import org.millrace.app.run.DriftService;
import org.millrace.app.text.DriftText;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.contract.service.Services;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Monitors the incoming images for drift. */
@Command(
        name = "drift",
        mixinStandardHelpOptions = true,
        description = {
            "Monitor the incoming images for drift.",
            "Compares each window of images with the first ones, the reference, in the features of a frozen encoder of the run. Needs a published encoder.",
            "Prints every window so far, then each new one, until Ctrl-C. A restart continues where it stopped."
        },
        subcommands = {DriftOrderCommand.Acknowledge.class, DriftOrderCommand.Rebase.class})
final class DriftCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig own = options.config(Map.of(), run.assignments());
        SelfTest.atStart(own, Use.EMBEDDING);
        Lines out = new Lines(spec.commandLine().getOut());
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(own);
                Services services = new Services()) {
            MillraceConfig config =
                    options.ofRun(own, connection.kafka(), run, Set.of("images.topic")); // any stream may be monitored
            try (TopicSetup topics = new TopicSetup(connection.kafka())) {
                topics.requireRun(config.run().topics());
            }
            Thread watching = services.start(
                    "drift", new DriftService(config, connection.kafka(), DriftService.Claim.TAKES_OVER, out::say));
            services.start(
                    "reports",
                    new DriftReports(
                            config,
                            connection.kafka(),
                            event -> out.say(
                                    DriftText.line(event, connection.kafka().bootstrapServers()))));
            signal.await(services, watching);
            services.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
