package org.millrace.contract;

/** Waiting for threads. */
public final class Threads {
    private Threads() {}

    /** Returns when the thread has ended, whatever interrupts come meanwhile; the caller's interrupt status is kept. */
    public static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
