package org.millrace.app.demo;

/**
 * Bounds how many images of the log the trainer has not taken yet: the pusher waits while there are as many as the bound, unless the
 * trainer itself waits for images. Thread safe.
 */
final class Lead {
    private final long bound;
    private long logged; // images ever put into the log
    private long consumed; // of these, trained or rejected
    private long wanted; // that the trainer waits for now, whatever the counts say

    /** @param logged images in the log at the start, trained or not */
    Lead(long bound, long logged) {
        this.bound = bound;
        this.logged = logged;
    }

    /** Returns when one more image may be sent, which then counts as sent. */
    synchronized void awaitRoom() throws InterruptedException {
        while (logged - consumed >= bound && wanted <= 0) {
            wait();
        }
        logged++;
        wanted--;
    }

    /** The trainer has taken so many images since the run began. */
    synchronized void consumed(long images) {
        consumed = images;
        wanted = 0;
        notifyAll();
    }

    /** The trainer has no whole batch, and so many are missing. */
    synchronized void missing(int images) {
        wanted = images;
        notifyAll();
    }
}
