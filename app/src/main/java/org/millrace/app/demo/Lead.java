package org.millrace.app.demo;

/**
 * Bounds how many images of the log the trainer has not taken yet: the pusher waits while there are as many as the bound. The trainer's
 * count is known from its first step on, and is too low where part of the log was skipped: a trainer that keeps waiting gets its images
 * whatever the counts say. Thread safe.
 */
final class Lead {
    /** Looks in a row without a new image after which the trainer is waiting in earnest, not for what is on its way. */
    static final int LOOKS = 20;

    private final long bound;
    private long logged; // images ever put into the log
    private long consumed; // of these, trained or rejected
    private long wanted; // that the trainer waits for now, whatever the counts say
    private int had; // images that it had when it last looked
    private int looks; // at so many

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
        looks = 0;
        notifyAll();
    }

    /** The trainer has looked at the log and has {@code have} images of a batch. */
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
