package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Tensors;

/** The views that a network encoded while gradients were recorded, since they were last taken; none without a guard. Not thread safe. */
final class EncodedViews {
    private final boolean kept;
    private final List<Encoded> encoded = new ArrayList<>();

    /** @param kept whether anybody takes them */
    EncodedViews(boolean kept) {
        this.kept = kept;
    }

    /** Whether what is encoded now is to be added. */
    boolean wanted() {
        return kept && Gradients.areRecorded();
    }

    void add(NDArray views, NDArray features, Tensors weights) {
        if (wanted()) {
            encoded.add(new Encoded(views, features, weights));
        }
    }

    /** In the order in which they were encoded; forgotten here. */
    List<Encoded> take() {
        List<Encoded> taken = List.copyOf(encoded);
        encoded.clear();
        return taken;
    }
}
