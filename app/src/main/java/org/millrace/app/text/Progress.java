package org.millrace.app.text;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalLong;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** Progress of a long command on standard error: a bar with the rate on a terminal, an occasional line elsewhere. Thread safe. */
public sealed interface Progress extends AutoCloseable {
    /** The launcher script sets this property if standard error is a terminal, which Java cannot detect. */
    String TERMINAL = "millrace.terminal";

    /** Shows that {@code done} images have been handled since the start, with a remark that may be empty. */
    void update(long done, String remark);

    /** Sets the expected number of images. */
    void expect(long atMost);

    /** Shows the last state. */
    @Override
    void close();

    /** A bar on a terminal, lines elsewhere. */
    static Progress start(String task, PrintWriter error) {
        return Boolean.getBoolean(TERMINAL) ? new Bar(task) : new Lines(task, error, System.nanoTime());
    }

    /** A bar that redraws itself. */
    final class Bar implements Progress {
        private static final int REDRAW_MILLIS = 250;

        private final ProgressBar bar;

        private Bar(String task) {
            this.bar = new ProgressBarBuilder()
                    .setTaskName(task)
                    .setUnit(" images", 1)
                    .setInitialMax(-1)
                    .setUpdateIntervalMillis(REDRAW_MILLIS)
                    .showSpeed()
                    .setConsumer(new ConsoleProgressBarConsumer(System.err))
                    .build();
        }

        @Override
        public void update(long done, String remark) {
            bar.stepTo(done);
            bar.setExtraMessage(remark);
        }

        @Override
        public void expect(long atMost) {
            bar.maxHint(atMost);
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    /** One line every few seconds. */
    final class Lines implements Progress {
        private static final long EVERY_NANOS = 5_000_000_000L;

        private final String task;
        private final PrintWriter error;
        private final long startNanos;
        private long lastNanos;
        private OptionalLong total = OptionalLong.empty();

        Lines(String task, PrintWriter error, long nowNanos) {
            this.task = task;
            this.error = error;
            this.startNanos = nowNanos;
            this.lastNanos = nowNanos;
        }

        @Override
        public void update(long done, String remark) {
            update(done, remark, System.nanoTime());
        }

        synchronized void update(long done, String remark, long nowNanos) {
            if (nowNanos - lastNanos < EVERY_NANOS) {
                return;
            }
            lastNanos = nowNanos;
            error.printf(
                    Locale.ROOT,
                    "%s: %,d%s images, %,.0f images/s%s%s%n",
                    task,
                    done,
                    total.isPresent() ? String.format(Locale.ROOT, " of %,d", total.getAsLong()) : "",
                    done * 1e9 / (nowNanos - startNanos),
                    timeLeft(done, nowNanos - startNanos),
                    remark.isEmpty() ? "" : ", " + remark);
            error.flush();
        }

        private String timeLeft(long done, long nanos) {
            if (total.isEmpty() || done == 0 || done >= total.getAsLong()) {
                return "";
            }
            double seconds = nanos / 1e9 * (total.getAsLong() - done) / done;
            return seconds < 120
                    ? String.format(Locale.ROOT, ", %.0f s left", seconds)
                    : String.format(Locale.ROOT, ", %,.0f min left", seconds / 60);
        }

        @Override
        public synchronized void expect(long atMost) {
            total = OptionalLong.of(atMost);
        }

        @Override
        public void close() {}
    }
}
