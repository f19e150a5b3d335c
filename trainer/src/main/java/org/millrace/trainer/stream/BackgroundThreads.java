package org.millrace.trainer.stream;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that give way to those that compute the step, on Linux. A step's threads wait for each other at the end of every operation, so
 * that one of them that loses its core costs the others that time too, while preparation has a whole step's time. See
 * docs/decisions/0028-preparation.md.
 */
final class BackgroundThreads {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundThreads.class);
    /** A tenth of a core where another thread wants it all: enough for the next batch beside an evaluation that never waits. */
    private static final int NICER = 10;

    private BackgroundThreads() {}

    /** A thread that is not started yet. */
    static Thread of(Runnable work, String name) {
        return new Thread(
                () -> {
                    giveWay();
                    work.run();
                },
                name);
    }

    private static void giveWay() {
        if (Platform.isLinux()) { // where a nice value belongs to a thread
            try {
                NativeLibrary.getInstance("c").getFunction("nice").invokeInt(new Object[] {NICER});
            } catch (UnsatisfiedLinkError e) {
                LOG.debug("preparation has the same priority as the step", e);
            }
        }
    }
}
