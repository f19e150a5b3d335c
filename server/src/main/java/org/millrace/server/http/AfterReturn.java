package org.millrace.server.http;

import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * A callback deferred until the handler has returned. Jetty recycles the exchange when the callback completes, and a client that closes
 * early completes it while the handler still runs on its worker. Thread safe.
 */
final class AfterReturn implements Callback {
    private enum Stage {
        RUNNING,
        COMPLETED,
        RETURNED
    }

    private final Callback callback;
    private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.RUNNING);
    private volatile @Nullable Throwable failure;

    AfterReturn(Callback callback) {
        this.callback = callback;
    }

    @Override
    public void succeeded() {
        complete();
    }

    @Override
    public void failed(Throwable problem) {
        failure = problem;
        complete();
    }

    void returned() {
        if (stage.getAndSet(Stage.RETURNED) == Stage.COMPLETED) {
            pass();
        }
    }

    private void complete() {
        if (!stage.compareAndSet(Stage.RUNNING, Stage.COMPLETED)) {
            pass();
        }
    }

    private void pass() {
        Throwable problem = failure;
        if (problem == null) {
            callback.succeeded();
        } else {
            callback.failed(problem);
        }
    }
}
