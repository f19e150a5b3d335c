package org.millrace.encoder.precision;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Precision;

/**
 * Autocast on the thread that opened it, until it is closed: convolutions, linear layers and matrix products cast their operands to half
 * precision. Closing restores what the thread had before, so that scopes may lie inside each other. Closed by the thread that opened it.
 */
final class AutocastScope implements AutoCloseable {
    private static final int HALF = 5; // c10::ScalarType
    private static final int BFLOAT16 = 15;

    private final Autocast autocast;
    private final Thread owner = Thread.currentThread();
    private final boolean enabledBefore;
    private final int typeBefore;

    /** @param precision a half one */
    AutocastScope(Autocast autocast, Precision precision) {
        this.autocast = autocast;
        this.enabledBefore = autocast.isEnabled();
        this.typeBefore = autocast.type();
        autocast.setType(
                switch (precision) {
                    case BF16 -> BFLOAT16;
                    case FP16 -> HALF;
                    case FP32 -> throw new IllegalArgumentException("float32 needs no autocast");
                });
        autocast.enter();
        autocast.enable(true);
    }

    @Override
    public void close() {
        check(Thread.currentThread() == owner, "autocast of thread %s cannot be closed by another", owner.getName());
        autocast.enable(enabledBefore);
        autocast.setType(typeBefore);
        autocast.leave();
    }
}
