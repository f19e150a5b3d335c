package org.millrace.app.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.millrace.app.demo.Demo;
import org.millrace.app.run.RunStatistics;
import org.millrace.app.text.TrainingDisplay;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.service.Services;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** All of Millrace in one process, on images that ship with it. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Watch an encoder learn from a stream of real images.",
            "Kafka, trainer, key store and evaluator run in this process, with Fashion-MNIST's test images as the stream.",
            "Ends with a summary. Run again, it continues where it stopped."
        })
final class DemoCommand implements Runnable {
    private static final double SHORTEST_MINUTES = 0.2;
    private static final double LONGEST_MINUTES = 10_000;
    /** The part of the requested minutes that the start and the last evaluation take. */
    private static final Duration AROUND = Duration.ofSeconds(15);

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--minutes",
            defaultValue = "3",
            paramLabel = "M",
            description = "Approximate duration of the demo (default: ${DEFAULT-VALUE}).")
    private double minutes;

    @Option(names = "--report", paramLabel = "FILE", description = "Write the report to this file, as JSON.")
    private @Nullable Path report;

    @Mixin
    private HttpOption http;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        if (!(minutes >= SHORTEST_MINUTES && minutes <= LONGEST_MINUTES)) {
            throw new ParameterException(
                    spec.commandLine(),
                    String.format(
                            Locale.ROOT,
                            "--minutes must be in [%s, %.0f], but was %s",
                            SHORTEST_MINUTES,
                            LONGEST_MINUTES,
                            minutes));
        }
        checkWritable(Optional.ofNullable(report));
        MillraceConfig config = options.config(Demo.defaults());
        SelfTest.atStart(config, Use.TRAINING);
        PrintWriter out = spec.commandLine().getOut();
        var statistics = new RunStatistics(config.trainer().batchSize());
        Duration whole = Duration.ofMillis(Math.round(minutes * 60_000));
        Duration training = whole.compareTo(AROUND.multipliedBy(2)) > 0 ? whole.minus(AROUND) : whole.dividedBy(2);
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config);
                TrainingDisplay display = new TrainingDisplay(out, statistics, OptionalLong.empty());
                Services services = new Services(display::say, config.run().data())) {
            display.say(
                    "broker at " + connection.kafka().bootstrapServers() + (connection.isEmbedded() ? ", embedded" : "")
                            + "; state under " + config.run().data() + ", log in " + options.logFile(config));
            connection.createImageTopics(config.images());
            http.start(services, config, connection.kafka(), line -> sayUnless(signal, display, line));
            Path home = Path.of(System.getProperty("millrace.home", "."));
            Demo demo = new Demo(config, connection.kafka(), home, display, statistics, connection.stopPatience());
            demo.run(training, signal::requested, Optional.ofNullable(report));
            services.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // once the user has asked to stop, nothing is printed after the report
    private static void sayUnless(StopSignal signal, TrainingDisplay display, String line) {
        if (!signal.requested()) {
            display.say(line);
        }
    }

    private static void checkWritable(Optional<Path> report) {
        report.map(Path::toAbsolutePath)
                .map(Path::getParent)
                .filter(parent -> !Files.isDirectory(parent))
                .ifPresent(parent -> {
                    throw new UserException("--report names a file in " + parent + ", but there is no such folder");
                });
    }
}
