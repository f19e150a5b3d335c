package org.millrace.ingest.push;

/** Follows a push, on the pushing thread. All methods but {@link #awaitRoom} return at once. */
@FunctionalInterface
public interface PushProgress {
    PushProgress SILENT = (pushed, rejected, bytes) -> {};

    /** After every image: images handed to Kafka so far, files refused, and the bytes of the former. */
    void update(long pushed, long rejected, long bytes);

    /** Once before the first image, where the number is known: no more images than this will come. */
    default void expect(long atMost) {}

    /** Before every image: returns when it may be sent. Blocks a push that must not run too far ahead of its reader. */
    default void awaitRoom() throws InterruptedException {}
}
