package org.millrace.app.cli;

import java.io.PrintWriter;
import java.time.Clock;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Count;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.RoundsConfig;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.rounds.SlotCount;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows or changes how many slots the rounds of a run have. */
@Command(
        name = "slots",
        mixinStandardHelpOptions = true,
        description = {
            "Show or change how many slots the rounds of a run have.",
            "A change takes effect with the next round; no process needs a restart."
        })
final class SlotsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Option(names = "--to", paramLabel = "SLOTS", description = "Slots of the rounds to come.")
    private @Nullable Integer to;

    @Override
    public void run() {
        Integer slots = to;
        if (slots != null && (slots < 1 || slots > RoundsConfig.MOST_SLOTS)) {
            throw new ParameterException(
                    spec.commandLine(), "--to must be in [1, " + RoundsConfig.MOST_SLOTS + "], but was " + slots);
        }
        MillraceConfig config = options.config(Map.of(), run.assignments());
        PrintWriter out = spec.commandLine().getOut();
        try (Connection connection = options.connectToExisting(config)) {
            try (TopicSetup topics = new TopicSetup(connection.kafka())) {
                topics.requireRun(config.run().topics());
            }
            var topics = config.run().topics();
            SlotCount count = SlotCount.read(connection.kafka(), topics);
            if (slots != null) {
                SlotCount.want(connection.kafka(), topics, slots, Clock.systemUTC());
            }
            String newest = count.rounds() == 0
                    ? "no round yet"
                    : "round " + (count.rounds() - 1) + " has " + Count.of(count.dealt(), "slot");
            out.println("run " + topics.run() + ": " + newest + "; the next one will have "
                    + Count.of(slots == null ? count.wanted() : slots, "slot"));
            out.flush();
        }
    }
}
