package org.millrace.ingest;

/** Hears how a push goes on, on the pushing thread. All but {@link #awaitRoom} return at once. */
@FunctionalInterface
public interface PushProgress {
    PushProgress SILENT = (pushed, rejected, bytes) -> {};

    /** After every image: how many were handed to Kafka so far, how many refused, and the bytes of the former. */
    void update(long pushed, long rejected, long bytes);

    /** Once before the first image, where the number is known beforehand: no more images than this will come. */
    default void expect(long atMost) {}

    /** Before every image: returns when it may be sent. A push that must not run too far ahead of its reader waits here. */
    default void awaitRoom() throws InterruptedException {}
}
