package org.millrace.encoder.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whether the calling thread's operations are recorded for a gradient while some work runs; afterwards the thread is as it was before,
 * also where the work throws. PyTorch keeps this switch per thread: it is off on the thread that started the engine and on in every
 * other one, so nothing may depend on the thread. See
 * docs/decisions/0031-networks-by-specification.md.
 */
public final class Gradients {
    private Gradients() {}

    /** Work whose tensors need no gradient, such as features, or that changes weights in place, which PyTorch refuses while recording. */
    public static <T> T unrecorded(Supplier<T> work) {
        return with(false, work);
    }

    /** The same for work without a result. */
    public static void unrecorded(Runnable work) {
        with(false, work);
    }

    /** Work whose result is differentiated on this thread. */
    public static <T> T recorded(Supplier<T> work) {
        return with(true, work);
    }

    /** The same for work without a result. */
    public static void recorded(Runnable work) {
        with(true, work);
    }

    /**
     * Adds the gradient of a recorded scalar to those of the weights that it was computed from. DJL's gradient collector does the same, but
     * allows one of them in a process at a time, whatever they differentiate.
     */
    public static void backward(NDArray loss) {
        JniUtils.backward((PtNDArray) loss, (PtNDArray) loss.onesLike(), false, false);
    }

    /** Whether the calling thread records now. */
    public static boolean areRecorded() {
        return JniUtils.isGradMode();
    }

    private static void with(boolean recording, Runnable work) {
        with(recording, () -> {
            work.run();
            return Optional.empty();
        });
    }

    private static <T> T with(boolean recording, Supplier<T> work) {
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(recording);
        try {
            return work.get();
        } finally {
            JniUtils.setGradMode(before);
        }
    }
}
