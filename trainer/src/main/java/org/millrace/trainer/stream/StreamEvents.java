package org.millrace.trainer.stream;

import java.time.Duration;
import org.millrace.contract.event.StreamSkipped;

/** Listens to the stream of images and its broker. Calls come on threads that prepare, train or watch, and must return quickly. */
public interface StreamEvents {
    /** Does nothing. */
    StreamEvents NONE = new StreamEvents() {
        @Override
        public void waiting(int have, int wanted) {}

        @Override
        public void leftOver(int images) {}

        @Override
        public void skipped(StreamSkipped skip) {}

        @Override
        public void brokerSilent() {}

        @Override
        public void brokerBack(Duration silence) {}
    };

    /** The stream has not yet brought a whole batch; called between polls. */
    void waiting(int have, int wanted);

    /** The stream ended with images that make no whole batch; they wait in the log. */
    void leftOver(int images);

    /** Images were gone, and the stream goes on behind them. */
    void skipped(StreamSkipped skip);

    /** The broker has not answered for some seconds; training waits for it when it must. */
    void brokerSilent();

    /** The broker answers again, so long after its last answer. */
    void brokerBack(Duration silence);
}
