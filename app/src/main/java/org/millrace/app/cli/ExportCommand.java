package org.millrace.app.cli;

import static org.millrace.contract.Check.check;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.millrace.app.export.EncoderExport;
import org.millrace.app.export.Evaluations;
import org.millrace.app.export.ExportFormat;
import org.millrace.contract.Count;
import org.millrace.contract.OutFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.registry.Standings;
import org.millrace.evaluator.FeatureSpaces;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.run.RunFolders;
import org.millrace.trainer.run.RunSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes the encoder of a checkpoint for other programs. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description = {
            "Write a run's encoder as a file for other programs.",
            "A model card, FILE.md, is written beside it. Exports the encoder of the newest whole checkpoint or, if this machine has none, the current encoder on the run's topic.",
            "Skips held and revoked encoders if the broker is known, unless --checkpoint names one.",
            "The run may keep training. The scores in the card need a broker; without one the card says so."
        })
final class ExportCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            description =
                    "safetensors (weights under torchvision's or timm's names), onnx (weights and network), or learned (with encoder.train=lora or last-blocks: what was learned alone, and beside it FILE-base, the encoder that the run began with).")
    private ExportFormat format = ExportFormat.SAFETENSORS;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The file to write.")
    private Path out = Path.of("");

    @Option(
            names = "--checkpoint",
            paramLabel = "STEP",
            description = "Export the checkpoint of this step instead of the newest whole one.")
    private @Nullable Long step;

    @Option(
            names = "--space",
            paramLabel = "VERSION",
            description =
                    "With --format onnx: end the graph with the adapter to the space of this encoder. Exports the newest scored encoder, or the published one that --checkpoint names; needs a broker.")
    private @Nullable Long space;

    @Option(names = "--force", description = "Overwrite an existing file and card.")
    private boolean force;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of(), run.assignments());
        OutFile.require(
                format == ExportFormat.LEARNED
                        ? List.of(out, EncoderExport.cardOf(out), EncoderExport.baseOf(out))
                        : List.of(out, EncoderExport.cardOf(out)),
                force);
        if (space != null && format != ExportFormat.ONNX) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--space needs --format onnx: a safetensors file holds the encoder's own tensors only");
        }
        Broker broker = space == null ? broker(config) : mapped(config, space);
        Standings standings = broker.evaluations().standings();
        EncoderExport export = (space != null
                        ? Optional.<EncoderExport>empty()
                        : checkpoint(config, standings).map(EncoderExport::of))
                .or(broker::export)
                .orElseThrow(() -> none(config, broker));
        long bytes = export.write(out, format, broker.evaluations(), Clock.systemUTC());
        PrintWriter text = spec.commandLine().getOut();
        if (standings.isHeld(export.step())) {
            text.println("this encoder is held by the churn budget (evaluator.churn-budget); its card says why");
        }
        if (standings.isRevoked(export.step())) {
            text.println("this encoder is revoked, and must not be used (millrace encoders list says why)");
        }
        if (broker.unread().isPresent()) {
            text.println("whether this encoder is held or revoked was not checked; that is on the topic "
                    + config.run().topics().evaluations() + ", which was not read: "
                    + broker.unread().get());
        }
        if (export.step() == 0) {
            text.println("this encoder is the untrained one: the run has no other yet");
        }
        text.println(String.format(
                Locale.ROOT,
                "wrote the encoder of run %s after step %,d%s to %s (%s), its card to %s",
                export.run(),
                export.step(),
                space == null ? "" : " in the space of encoder " + space,
                out,
                Count.of(bytes, "byte"),
                EncoderExport.cardOf(out)));
        text.flush();
    }

    /** The checkpoint of the requested step, or the newest whole one whose encoder is neither held nor revoked. */
    private Optional<Checkpoint> checkpoint(MillraceConfig config, Standings standings) {
        CheckpointFolder checkpoints = RunFolders.checkpoints(config);
        if (step != null) {
            return Optional.of(checkpoints.at(step));
        }
        return checkpoints.newestWhole(newest -> {
            RunState state = newest.state();
            check(
                    !standings.isHeld(state.step()),
                    "its encoder is held by the churn budget; --checkpoint %d exports it anyway",
                    state.step());
            check(!standings.isRevoked(state.step()), "its encoder is revoked");
        });
    }

    private static UserException none(MillraceConfig config, Broker broker) {
        Standings standings = broker.evaluations().standings();
        String others = (standings.held().isEmpty() ? "" : "; held are " + standings.held())
                + (standings.revoked().isEmpty()
                        ? ""
                        : "; revoked are " + standings.revoked().keySet());
        return new UserException("run " + config.run().name() + " has no whole checkpoint under "
                + config.run().folder() + " that may be taken, and no published encoder was found" + others
                + (broker.why().isEmpty() ? "." : ": " + broker.why())
                + "\nA run takes its first checkpoint after step "
                + config.trainer().checkpointEverySteps()
                + " (trainer.checkpoint-every-steps) and when it is stopped. Name another run with --run NAME or another"
                + " folder with --set run.data=FOLDER"
                + (standings.held().isEmpty() ? "." : ", or a held one with --checkpoint STEP."));
    }

    /**
     * The result of reading the run's topics.
     *
     * @param export of the current encoder, read if no checkpoint was named
     * @param unread why the topics were not read, if so
     * @param why there is no export, if so
     */
    private record Broker(
            Evaluations evaluations, Optional<EncoderExport> export, Optional<String> unread, String why) {}

    /** A published encoder with the adapter to the space of a version. */
    private Broker mapped(MillraceConfig config, long version) {
        try (Connection connection = options.connect(config)) {
            KafkaSettings kafka = connection.kafka();
            RunTopics topics = config.run().topics();
            PublishedEncoder encoder = step == null
                    ? PublishedEncoders.scored(kafka, topics)
                    : PublishedEncoders.find(kafka, topics, step);
            EncoderExport export =
                    EncoderExport.of(encoder, RunSettings.ofStart(kafka, topics).orElse(Map.of()));
            Optional<EncoderExport> adapted = FeatureSpaces.adapter(kafka, topics, encoder, version)
                    .map(map -> export.withAdapter(new EncoderExport.Adapter(map, version)))
                    .or(() -> Optional.of(export)); // its own space
            return new Broker(Evaluations.read(kafka, topics), adapted, Optional.empty(), "");
        }
    }

    // an embedded broker is started only where its folder exists
    private Broker broker(MillraceConfig config) {
        if (!Connection.isKnown(config)) {
            return unread("no broker is known (--bootstrap-server HOST:PORT names one).");
        }
        try (Connection connection = options.connect(config)) {
            Evaluations evaluations =
                    Evaluations.read(connection.kafka(), config.run().topics());
            try {
                return new Broker(evaluations, published(config, connection.kafka()), Optional.empty(), "");
            } catch (UserException e) {
                return new Broker(evaluations, Optional.empty(), Optional.empty(), String.valueOf(e.getMessage()));
            }
        } catch (UserException | KafkaException e) {
            return unread(String.valueOf(e.getMessage()));
        }
    }

    // no checkpoint on this machine: the run is young, or trained elsewhere
    private Optional<EncoderExport> published(MillraceConfig config, KafkaSettings kafka) {
        if (step != null
                || RunFolders.checkpoints(config).newestWhole(any -> {}).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(EncoderExport.of(
                PublishedEncoders.newest(kafka, config.run().topics()),
                RunSettings.ofStart(kafka, config.run().topics()).orElse(Map.of())));
    }

    private static Broker unread(String why) {
        return new Broker(Evaluations.unread(why), Optional.empty(), Optional.of(why), why);
    }
}
