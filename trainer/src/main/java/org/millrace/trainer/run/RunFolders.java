package org.millrace.trainer.run;

import java.nio.file.Path;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.trainer.checkpoint.CheckpointFolder;

/** Where a run keeps its state on disk. */
public final class RunFolders {
    private RunFolders() {}

    public static Path keys(MillraceConfig config) {
        return keys(config.run().folder());
    }

    public static Path bank(MillraceConfig config) {
        return config.run().folder().resolve("bank");
    }

    /** Of the replay buffer. */
    public static Path images(MillraceConfig config) {
        return images(config.run().folder());
    }

    public static CheckpointFolder checkpoints(MillraceConfig config) {
        return checkpoints(config.run().folder(), config);
    }

    static Path keys(Path run) {
        return run.resolve("keys");
    }

    static Path images(Path run) {
        return run.resolve("images");
    }

    static CheckpointFolder checkpoints(Path run, MillraceConfig config) {
        return new CheckpointFolder(run.resolve("checkpoints"), config.trainer().checkpointsKept());
    }
}
