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
import org.millrace.trainer.TrainLimits;
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
    private static final double DEFAULT_MINUTES = 3;
    private static final double SHORTEST_MINUTES = 0.2;
    private static final double LONGEST_MINUTES = 10_000;
    /** The part of the requested minutes that the start and the last evaluation take. */
    private static final Duration AROUND = Duration.ofSeconds(15);

    @Spec
    private CommandSpec spec;

    @Option(names = "--minutes", paramLabel = "M", description = "Approximate duration of the demo (default: 3).")
    private @Nullable Double minutes;

    @Option(
            names = "--until-step",
            paramLabel = "N",
            description = "End after step N of the run, however long that takes unless --minutes is given too.")
    private @Nullable Long untilStep;

    @Option(names = "--report", paramLabel = "FILE", description = "Write the report to this file, as JSON.")
    private @Nullable Path report;

    @Mixin
    private HttpOption http;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        Duration training = training();
        TrainLimits limits = limits();
        checkWritable(Optional.ofNullable(report));
        MillraceConfig config = options.config(Demo.defaults());
        SelfTest.atStart(config, Use.TRAINING);
        PrintWriter out = spec.commandLine().getOut();
        var statistics = new RunStatistics(config.trainer().batchSize());
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config);
                TrainingDisplay display = new TrainingDisplay(out, statistics, limits.lastStep());
                Services services = new Services(display::say, config.run().data())) {
            display.say(
                    "broker at " + connection.kafka().bootstrapServers() + (connection.isEmbedded() ? ", embedded" : "")
                            + "; state under " + config.run().data() + ", log in " + options.logFile(config));
            connection.createImageTopics(config.images());
            http.start(services, config, connection.kafka(), line -> sayUnless(signal, display, line));
            Path home = Path.of(System.getProperty("millrace.home", "."));
            Demo demo = new Demo(config, connection.kafka(), home, display, statistics, connection.stopPatience());
            demo.run(training, limits, signal::requested, Optional.ofNullable(report));
            services.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Duration training() {
        if (minutes == null && untilStep != null) {
            return Duration.ofNanos(Long.MAX_VALUE);
        }
        double wanted = minutes == null ? DEFAULT_MINUTES : minutes;
        require(
                wanted >= SHORTEST_MINUTES && wanted <= LONGEST_MINUTES,
                "--minutes must be in [%s, %.0f], but was %s",
                SHORTEST_MINUTES,
                LONGEST_MINUTES,
                wanted);
        Duration whole = Duration.ofMillis(Math.round(wanted * 60_000));
        return whole.compareTo(AROUND.multipliedBy(2)) > 0 ? whole.minus(AROUND) : whole.dividedBy(2);
    }

    private TrainLimits limits() {
        if (untilStep == null) {
            return TrainLimits.NONE;
        }
        require(untilStep > 0, "--until-step must be positive, but was %d", untilStep);
        return new TrainLimits(OptionalLong.of(untilStep), false);
    }

    private void require(boolean condition, String message, Object... values) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), String.format(Locale.ROOT, message, values));
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
