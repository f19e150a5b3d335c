package org.millrace.app.cli;

import static org.millrace.contract.Check.check;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.millrace.app.export.EncoderExport;
import org.millrace.app.export.Evaluations;
import org.millrace.app.export.ExportFormat;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.evaluator.Standings;
import org.millrace.trainer.RunFolders;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the encoder of a checkpoint for other programs. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description = {
            "Write a run's encoder for other programs, and beside it FILE.md, which says what it is and how to load it.",
            "An encoder that the churn budget holds back is passed over where the broker is known, unless --checkpoint names it.",
            "The run may go on meanwhile. The scores in the card need a broker; without one the card says so."
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
            description = "safetensors (weights under torchvision's names) or onnx (weights and network).")
    private ExportFormat format = ExportFormat.SAFETENSORS;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The file to write.")
    private Path out = Path.of("");

    @Option(
            names = "--checkpoint",
            paramLabel = "STEP",
            description = "Take the checkpoint of this step instead of the newest whole one.")
    private @Nullable Long step;

    @Option(names = "--force", description = "Overwrite the file and its card where they are there already.")
    private boolean force;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of(), run.assignments());
        EncoderExport.checkTarget(out, force);
        Evaluations evaluations = evaluations(config);
        EncoderExport export = EncoderExport.of(checkpoint(config, evaluations.standings()));
        long bytes = export.write(out, format, evaluations, Clock.systemUTC());
        PrintWriter text = spec.commandLine().getOut();
        if (evaluations.standings().isHeld(export.state().step())) {
            text.println("this encoder is held by the churn budget (evaluator.churn-budget); its card says why");
        }
        text.println(String.format(
                Locale.ROOT,
                "wrote the encoder of run %s after step %,d to %s (%,d bytes), its card to %s",
                export.state().run(),
                export.state().step(),
                out,
                bytes,
                EncoderExport.cardOf(out)));
        text.flush();
    }

    /** The one of the step that was asked for, or the newest whole one whose encoder is not held. */
    private Checkpoint checkpoint(MillraceConfig config, Standings standings) {
        CheckpointFolder checkpoints = RunFolders.checkpoints(config);
        if (step != null) {
            return checkpoints.at(step);
        }
        return checkpoints
                .newestWhole(state -> check(
                        !standings.isHeld(state.step()),
                        "its encoder is held by the churn budget; --checkpoint %d takes it all the same",
                        state.step()))
                .orElseThrow(() -> new UserException("run " + config.run().name() + " has no whole checkpoint"
                        + (standings.held().isEmpty()
                                ? ""
                                : " whose encoder is not held (" + standings.held() + " are)")
                        + " under "
                        + config.run().folder()
                        + ". Name another run with --run NAME or another folder with --set run.data=FOLDER"
                        + (standings.held().isEmpty() ? "." : ", or a held one with --checkpoint STEP.")));
    }

    // an embedded broker is only started where there is one already
    private Evaluations evaluations(MillraceConfig config) {
        if (!config.kafka().containsKey("bootstrap.servers")
                && !Files.isDirectory(config.run().data().resolve("broker"))) {
            return Evaluations.unread("no broker is known (--bootstrap-server HOST:PORT names one).");
        }
        try (Connection connection = options.connect(config)) {
            return Evaluations.read(connection.kafka(), config.run().topics());
        } catch (UserException | KafkaException e) {
            return Evaluations.unread(String.valueOf(e.getMessage()));
        }
    }
}
