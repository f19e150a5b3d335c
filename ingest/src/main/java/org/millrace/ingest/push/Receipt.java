package org.millrace.ingest.push;

/** What became of an image that a program sent. */
public sealed interface Receipt {
    /** It is in the log, acknowledged. */
    record Logged(String topic, int partition, long offset) implements Receipt {}

    /** It was refused, and is in the topic of rejects with the reason. */
    record Refused(Reason reason, String words) implements Receipt {}

    /** It may be an image, but the log has not acknowledged it. */
    record NotTaken(Trouble trouble, String words) implements Receipt {}

    /** What is wrong with the image. */
    enum Reason {
        NO_IMAGE,
        TOO_LARGE,
        NO_LABEL
    }

    /** What is wrong with the log. */
    enum Trouble {
        /** More comes than it takes. */
        BUSY,
        /** It does not answer, or refuses the record. */
        AWAY
    }
}
