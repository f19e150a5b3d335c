package org.millrace.app.benchmark;

import java.util.OptionalLong;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.run.RunFolders;

/** The query (online) encoder in a checkpoint, as it would have been published after that step. */
public final class CheckpointEncoder {
    private CheckpointEncoder() {}

    /** @param step of the checkpoint; empty for the newest whole one */
    public static PublishedEncoder read(MillraceConfig config, OptionalLong step) {
        CheckpointFolder folder = RunFolders.checkpoints(config);
        Checkpoint checkpoint = step.isPresent()
                ? folder.at(step.getAsLong())
                : folder.newestWhole(any -> {})
                        .orElseThrow(() -> new UserException("run "
                                + config.run().name() + " has no checkpoint under "
                                + config.run().folder()
                                + "\nName another run with --run NAME or another folder with --set run.data=FOLDER,"
                                + " or use a published encoder with --encoder VERSION."));
        RunState state = checkpoint.state();
        EncoderConfig encoder = ConfigLoader.encoder(state.configuration());
        byte[] file = checkpoint.encoder(Objective.ENCODER).toBytes();
        return new PublishedEncoder(
                new EncoderManifest(
                        EncoderManifest.SCHEMA,
                        state.run(),
                        state.step(),
                        state.step(),
                        state.imagesTrained(),
                        encoder,
                        file.length,
                        1,
                        Sha256.of(file),
                        state.takenAtMillis()),
                file);
    }
}
