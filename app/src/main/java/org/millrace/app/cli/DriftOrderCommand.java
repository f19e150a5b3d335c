package org.millrace.app.cli;

import java.io.PrintWriter;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.app.text.DriftText;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftOrder;
import org.millrace.evaluator.drift.stream.DriftOrders;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Common part of the orders to the drift monitor. */
abstract class DriftOrderCommand implements Runnable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final DriftOrder.Kind kind;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--source",
            paramLabel = "NAME",
            description = "One of drift.sources; without it the order applies to all images and every source.")
    private @Nullable String source;

    @Option(
            names = "--note",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "The reason, stored with the event.")
    private String note = "";

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    private DriftOrderCommand(DriftOrder.Kind kind) {
        this.kind = kind;
    }

    /** Acknowledges an alarm. */
    @Command(
            name = "acknowledge",
            mixinStandardHelpOptions = true,
            description = {
                "Acknowledge an alarm.",
                "The first window without drift then clears it, and the next drifting window raises another."
            })
    static final class Acknowledge extends DriftOrderCommand {
        Acknowledge() {
            super(DriftOrder.Kind.ACKNOWLEDGE);
        }
    }

    /** Makes the images from now on the reference. */
    @Command(
            name = "rebase",
            mixinStandardHelpOptions = true,
            description = {
                "Make the images from now on the reference.",
                "For a permanent change. Ends the alarm. Windows are compared again once the reference is full."
            })
    static final class Rebase extends DriftOrderCommand {
        Rebase() {
            super(DriftOrder.Kind.REBASE);
        }
    }

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of(), run.assignments());
        PrintWriter out = spec.commandLine().getOut();
        try (Connection connection = options.connect(config)) {
            List<DriftAlarm> answers = new DriftOrders(config, connection.kafka(), Clock.systemUTC())
                    .give(kind, Optional.ofNullable(source), note, PATIENCE);
            answers.forEach(alarm ->
                    out.println(DriftText.line(alarm, connection.kafka().bootstrapServers())));
            if (answers.isEmpty()) {
                out.println(
                        switch (kind) {
                            case ACKNOWLEDGE ->
                                "no open alarm responded within " + PATIENCE.toSeconds()
                                        + " s: there is none, or drift is not running, in which case the order waits for the next millrace drift";
                            case REBASE -> "drift is not running: the order waits for the next millrace drift";
                        });
            }
            out.flush();
        }
    }
}
