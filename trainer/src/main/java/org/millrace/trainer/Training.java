package org.millrace.trainer;

import java.time.Duration;

/** A process's part in a run's training. {@link #run} is called once, {@link #stop} on any thread. The owner closes it. */
public interface Training extends AutoCloseable {
    /**
     * Trains until a limit or {@link #stop}.
     *
     * @throws org.millrace.contract.UserException where the run cannot go on; what its topics and its last checkpoint hold is whole
     */
    void run(TrainLimits limits);

    /** Makes {@link #run} return; a silent broker is then waited for that long. */
    void stop(Duration patience);

    @Override
    void close();
}
