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

/** What the orders to the watch over drift have in common. */
abstract class DriftOrderCommand implements Runnable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final DriftOrder.Kind kind;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--source",
            paramLabel = "NAME",
            description = "One of drift.sources; without it the order is about all that is watched.")
    private @Nullable String source;

    @Option(names = "--note", paramLabel = "TEXT", defaultValue = "", description = "Why; kept with the event.")
    private String note = "";

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    private DriftOrderCommand(DriftOrder.Kind kind) {
        this.kind = kind;
    }

    /** The alarm has been seen. */
    @Command(
            name = "acknowledge",
            mixinStandardHelpOptions = true,
            description = {
                "Say that an alarm has been seen.",
                "It is cleared by the first window without drift from then on; the next window that drifts raises another."
            })
    static final class Acknowledge extends DriftOrderCommand {
        Acknowledge() {
            super(DriftOrder.Kind.ACKNOWLEDGE);
        }
    }

    /** The images from now on are the reference. */
    @Command(
            name = "rebase",
            mixinStandardHelpOptions = true,
            description = {
                "Take the images that come from now on as the reference.",
                "For a world that has changed for good. Ends the alarm. Windows are compared again once the reference is full."
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
                                "no open alarm answered within " + PATIENCE.toSeconds()
                                        + " s: there is none, or drift is not running, in which case the order waits for the next millrace drift";
                            case REBASE -> "drift is not running: the order waits for the next millrace drift";
                        });
            }
            out.flush();
        }
    }
}
