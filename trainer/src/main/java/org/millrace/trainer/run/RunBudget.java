package org.millrace.trainer.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.millrace.contract.Count;
import org.millrace.contract.FolderBytes;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a run's folder within {@code disk.run-mib}: above it the oldest checkpoints go, all but the newest, and with them the keys and the
 * images that only they need. Says so before and when it happens. Not thread safe.
 */
final class RunBudget {
    private static final Logger LOG = LoggerFactory.getLogger(RunBudget.class);
    private static final double NEAR = 0.9;
    private static final double MEBIBYTE = 1 << 20;

    private final Path run;
    private final long budget;
    private final CheckpointFolder checkpoints;
    private Stand said = Stand.WITHIN;

    /** Where the folder stands, in the order in which it gets worse. */
    private enum Stand {
        WITHIN,
        NEAR,
        OVER,
        BARE
    }

    RunBudget(MillraceConfig config, CheckpointFolder checkpoints) {
        this(config.run().folder(), config.disk().runBytes(), checkpoints);
    }

    /** @param budget in bytes; 0 for none */
    RunBudget(Path run, long budget, CheckpointFolder checkpoints) {
        this.run = run;
        this.budget = budget;
        this.checkpoints = checkpoints;
    }

    /** Removes checkpoints until the folder is within its budget or has one. */
    void keep() {
        if (budget == 0) {
            return;
        }
        long before = FolderBytes.of(run);
        long bytes = before;
        int removed = 0;
        try {
            while (bytes > budget && checkpoints.count() > 1) {
                checkpoints.deleteOldest();
                removed++;
                bytes = FolderBytes.of(run);
            }
        } catch (IOException e) {
            throw new UserException(
                    "cannot remove the oldest checkpoint under " + run + ", which is over disk.run-mib: "
                            + e.getMessage() + ". The newest is whole.",
                    e);
        }
        say(before, bytes, removed);
    }

    private void say(long before, long bytes, int removed) {
        Stand stand = stand(bytes, removed);
        if (stand.compareTo(said) > 0) {
            LOG.warn(
                    switch (stand) {
                        case WITHIN -> "";
                        case NEAR ->
                            words(before)
                                    + ". Above it the oldest checkpoints go first, then nothing: the newest one stays.";
                        case OVER ->
                            words(before) + ": removed " + Count.of(removed, "old checkpoint") + ", "
                                    + checkpoints.count()
                                    + " left. A damaged newest checkpoint costs more steps now. Raise disk.run-mib to keep"
                                    + " trainer.checkpoints-kept of them.";
                        case BARE ->
                            words(bytes)
                                    + " with its newest checkpoint alone, so nothing more may go. Raise disk.run-mib.";
                    });
        }
        said = stand;
    }

    private Stand stand(long bytes, int removed) {
        if (bytes > budget) {
            return Stand.BARE;
        }
        return removed > 0 ? Stand.OVER : bytes > NEAR * budget ? Stand.NEAR : Stand.WITHIN;
    }

    private String words(long bytes) {
        return String.format(
                Locale.ROOT,
                "the folder of the run, %s, has %.1f of %.0f MiB (disk.run-mib)",
                run,
                bytes / MEBIBYTE,
                budget / MEBIBYTE);
    }
}
