package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.app.text.GateText;
import org.millrace.app.text.HealthText;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepHealth;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.inspect.RunHistory;
import org.millrace.trainer.journal.JournalReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Summarises a run's journal. Exit code 1 if its offsets are not contiguous. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = {"Read the run's journal.", "Steps, images, offsets covered, and whether they are contiguous."})
final class InspectRunCommand implements Runnable {
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
        try (Connection connection = options.connectToExisting(config)) {
            RunHistory history = read(config, connection);
            out.println("run              " + config.run().name());
            if (history.firstStep() > 1) {
                out.println("branched after   step " + (history.firstStep() - 1));
            }
            if (history.rounds() > 0) {
                out.println("rounds merged    " + history.rounds());
            } else {
                out.println("steps planned    " + history.plans());
            }
            out.println("steps done       " + history.stepsDone());
            history.last().ifPresent(last -> {
                out.println("images trained   " + last.imagesTrained());
                last.gate().ifPresent(gate -> out.println("images skipped   " + GateText.of(gate)));
                out.println("images rejected  " + last.imagesRejected());
                out.println("keys             " + last.keysFilled() + " in the dictionary, " + last.keySequence()
                        + " appended");
                out.println(String.format(
                        Locale.ROOT,
                        "last step        %d, loss %.4f, rate %.5f",
                        last.step(),
                        last.loss(),
                        last.learningRate()));
                last.freshShare()
                        .ifPresent(share -> out.println(String.format(
                                Locale.ROOT, "fresh share      %.3f of a batch, the rest is long-term", share)));
            });
            history.lastMeasured().ifPresent(measured -> print(out, measured));
            for (OffsetRange range : history.covered().values()) {
                out.println(
                        "partition " + range.partition() + "      offsets " + range.from() + " to " + (range.to() - 1));
            }
            history.skips().forEach(skip -> out.println("skipped          " + skip));
            history.recomputed().forEach(note -> out.println("computed again   " + note));
            if (!history.mixed().isEmpty()) {
                out.flush();
                throw new UserException("the journal mixes several runs:\n  " + String.join("\n  ", history.mixed()));
            }
            if (!history.gaps().isEmpty()) {
                out.flush();
                throw new UserException("the journal is not contiguous:\n  " + String.join("\n  ", history.gaps()));
            }
            if (history.rounds() > 0) {
                out.println("contiguous       millrace audit shows whether each offset was used once");
                out.flush();
                return;
            }
            out.println("contiguous       yes: every offset in these ranges was planned exactly once"
                    + (history.skips().isEmpty() ? "" : ", except those skipped"));
            out.flush();
        }
    }

    private static void print(PrintWriter out, StepDone measured) {
        StepHealth health = measured.health().orElseThrow();
        out.println("health           of step " + measured.step() + ": projections " + HealthText.projections(health));
        health.dictionary().ifPresent(keys -> out.println("dictionary       " + HealthText.dictionary(keys)));
    }

    private static RunHistory read(MillraceConfig config, Connection connection) {
        try (TopicSetup topics = new TopicSetup(connection.kafka())) {
            topics.requireRun(config.run().topics());
        }
        RunHistory history = new RunHistory();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(connection.kafka().consumer(Map.of()))) {
            new JournalReader(consumer, config.run().topics()).forEach(0, (event, offset) -> history.add(event));
        }
        return history;
    }
}
