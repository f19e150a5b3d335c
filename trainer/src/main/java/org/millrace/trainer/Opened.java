package org.millrace.trainer;

import java.util.ArrayDeque;
import java.util.Deque;

/** What an owner has opened, closed in the opposite order. Not thread safe. */
public final class Opened implements AutoCloseable {
    private final Deque<AutoCloseable> all = new ArrayDeque<>();

    /** Takes one more over. */
    public <T extends AutoCloseable> T add(T one) {
        all.push(one);
        return one;
    }

    /** Closes everything after a failure, which the failures of closing join. */
    public void closeAfter(Throwable failure) {
        while (!all.isEmpty()) {
            try {
                all.pop().close();
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
    }

    /** Closes everything, and throws the first failure when that is done. */
    @Override
    public void close() {
        while (!all.isEmpty()) {
            try {
                all.pop().close();
            } catch (RuntimeException e) {
                closeAfter(e);
                throw e;
            } catch (Exception e) {
                closeAfter(e);
                throw new IllegalStateException("cannot be closed", e);
            }
        }
    }
}
