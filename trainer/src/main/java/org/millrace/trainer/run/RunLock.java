package org.millrace.trainer.run;

import java.io.IOException;
import java.nio.file.Path;
import org.millrace.contract.HeldFile;
import org.millrace.contract.PrivateFolder;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.trainer.journal.RunWriter;

/** A run's folder, taken by the one trainer that may write there until it is closed or its process ends. */
public final class RunLock implements AutoCloseable {
    /** Name of the file in the run's folder that a trainer holds. */
    public static final String FILE = "trainer.lock";

    private final HeldFile file;

    private RunLock(HeldFile file) {
        this.file = file;
    }

    /** @throws UserException that names the holder, where another trainer has it */
    public static RunLock take(MillraceConfig config) {
        Path folder = config.run().folder();
        try {
            PrivateFolder.make(folder);
            return new RunLock(HeldFile.take(folder.resolve(FILE), RunWriter.thisProcess()));
        } catch (HeldFile.TakenException e) {
            throw new UserException(
                    "run " + config.run().name() + " is being trained already, by "
                            + (e.holder().isBlank() ? "another process" : e.holder()) + ", in " + folder
                            + (config.rounds().slots() > 1
                                    ? ". Each process of a run needs a folder of its own: --set run.data=FOLDER."
                                    : ". A run has one trainer at a time: stop that one, or start another run with --run NAME."),
                    e);
        } catch (IOException e) {
            throw new UserException(
                    "cannot write to the folder of run " + config.run().name() + ", " + folder + ": " + e.getMessage()
                            + ". Is it writable? Choose another with --set run.data=FOLDER.",
                    e);
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
