package org.millrace.app.cli;

import java.io.PrintWriter;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.millrace.app.run.DriftService;
import org.millrace.app.run.Services;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Detection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Watches whether the incoming images change. */
@Command(
        name = "drift",
        mixinStandardHelpOptions = true,
        description = {
            "Watch whether the incoming images change: each window of them is compared, through a frozen encoder of the run, with the",
            "first ones. Needs a published encoder. Prints every window of the run, and goes on with each new one, until Ctrl-C;",
            "started again, it goes on where it was."
        })
final class DriftCommand implements Runnable {
    private static final long POLL_MILLIS = 200;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of(), run.assignments());
        PrintWriter out = spec.commandLine().getOut();
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config);
                Services services = new Services()) {
            Thread watching =
                    services.start("drift", new DriftService(config, connection.kafka(), words -> say(out, words)));
            services.start(
                    "reports", new DriftService.Reports(config, connection.kafka(), report -> say(out, line(report))));
            while (watching.isAlive() && !signal.await(POLL_MILLIS)) {
                services.check();
            }
            services.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void say(PrintWriter out, String line) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }

    /** A window's verdict, and of its detectors the score and how likely that is without drift. */
    static String line(DriftReport report) {
        String when = Instant.ofEpochMilli(report.fromMillis()) + "  "
                + String.format(Locale.ROOT, "%,7d images  ", report.images());
        String what = switch (report.verdict()) {
            case NOT_ENOUGH -> "not enough images for an answer";
            case REFERENCE -> String.format(Locale.ROOT, "reference (%,d images so far)", report.referenceImages());
            case STABLE -> "stable  ";
            case DRIFT -> "DRIFT   ";
        };
        return when
                + what
                + report.detectors().stream().map(DriftCommand::words).collect(Collectors.joining(" · "));
    }

    private static String words(Detection detection) {
        String score = detection.pValue().isPresent()
                ? String.format(
                        Locale.ROOT,
                        "%s %.3g (p %.2g)",
                        detection.name(),
                        detection.score(),
                        detection.pValue().getAsDouble())
                : String.format(
                        Locale.ROOT, "%s %.1f of %.1f", detection.name(), detection.score(), detection.threshold());
        return detection.alarm() ? score + "!" : score;
    }
}
