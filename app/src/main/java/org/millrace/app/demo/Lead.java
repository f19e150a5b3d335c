package org.millrace.app.demo;

/**
 * Bounds the number of images in the log that the trainer has not consumed: the pusher waits while there are as many as the bound. The
 * trainer's count is known from its first step on, and is too low if part of the log was skipped, so a trainer that keeps waiting gets its
 * images regardless of the counts. Thread safe.
 */
final class Lead {
    /** Consecutive polls without a new image after which the trainer is really waiting, not for images in flight. */
    static final int LOOKS = 20;

    private final long bound;
    private long logged; // images ever put into the log
    private long consumed; // of these, trained or rejected
    private long wanted; // that the trainer waits for now, regardless of the counts
    private int had; // images that it had at its last poll
    private int looks; // consecutive polls with that number

    /** @param logged images in the log at the start, trained or not */
    Lead(long bound, long logged) {
        this.bound = bound;
        this.logged = logged;
    }

    /** Blocks until one more image may be sent, which then counts as sent. */
    synchronized void awaitRoom() throws InterruptedException {
        while (logged - consumed >= bound && wanted <= 0) {
            wait();
        }
        logged++;
        wanted--;
    }

    /** The trainer has consumed so many images since the run began. */
    synchronized void consumed(long images) {
        consumed = images;
        wanted = 0;
        looks = 0;
        notifyAll();
    }

    /** The trainer has polled the log and has {@code have} images of a batch. */
    synchronized void waiting(int have, int batch) {
        looks = have == had ? looks + 1 : 1;
        had = have;
        if (looks == LOOKS) {
            looks = 0;
            wanted = (long) batch - have;
            notifyAll();
        }
    }
}
