package org.millrace.trainer.stream;

/** Told how the stream keeps up with the trainer, on the preparing thread. */
public interface StreamEvents {
    /** Says nothing. */
    StreamEvents NONE = new StreamEvents() {
        @Override
        public void waiting(int have, int wanted) {}

        @Override
        public void leftOver(int images) {}
    };

    /** The stream has not yet brought a whole batch; called between polls. */
    void waiting(int have, int wanted);

    /** The stream ended with images that make no whole batch; they wait in the log. */
    void leftOver(int images);
}
