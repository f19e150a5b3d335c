package org.millrace.encoder.classifier;

import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/** A rule by which weights go down their gradient, with its settings. Immutable; what it remembers is in its state. */
public sealed interface Descent permits Momentum, Adam {
    /** The state at the beginning; the caller closes it. */
    State newState(Torch torch, Weights weights);

    /** What the rule remembers of the steps so far. Not thread safe. */
    interface State extends AutoCloseable {
        /** Moves the parameters along their gradient, and clears it. */
        void step(double rate);

        @Override
        void close();
    }
}
