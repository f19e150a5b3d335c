package org.millrace.trainer.stream;

/** Told how the stream keeps up with the trainer, on the preparing thread. */
public interface StreamEvents {
    /** The stream has not yet brought a whole batch; called between polls. */
    void waiting(int have, int wanted);

    /** The stream ended with images that make no whole batch; they wait in the log. */
    void leftOver(int images);
}
