package org.millrace.app.text;

import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.millrace.app.benchmark.BenchmarkListener;
import org.millrace.app.benchmark.BenchmarkReport;
import org.millrace.contract.Count;
import org.millrace.contract.UserException;
import org.millrace.evaluator.protocol.ProtocolScore;
import org.millrace.evaluator.score.Trial;

/** A benchmark on the terminal: a table row per score on standard output, progress on standard error. Not thread safe. */
public final class BenchmarkDisplay implements BenchmarkListener, AutoCloseable {
    private static final String ROW = "%-20s %-8s %-8s %9s   %s%n";

    private final PrintWriter out;
    private final PrintWriter error;
    private final BooleanSupplier stop;
    private @Nullable Progress progress;
    private String task = "";

    /** @param stop whether the user has asked to stop */
    public BenchmarkDisplay(PrintWriter out, PrintWriter error, BooleanSupplier stop) {
        this.out = out;
        this.error = error;
        this.stop = stop;
    }

    @Override
    public void begins(BenchmarkReport report) {
        out.printf(
                Locale.ROOT,
                "encoder %d of run %s (%s, %s trained); %s, %,d held out, %s%n",
                report.version(),
                report.run(),
                report.architecture(),
                Count.of(report.imagesTrained(), "image"),
                Count.of(report.trainImages(), "training image"),
                report.testImages(),
                Count.of(report.classes(), "class"));
        out.printf(Locale.ROOT, ROW, "protocol", "top-1", "top-5", "seconds", "settings");
        out.flush();
    }

    @Override
    public void begin(String name, long examples) {
        close();
        task = name;
        progress = Progress.start(name, error);
        progress.expect(examples);
    }

    @Override
    public void update(long done, String remark) {
        if (stop.getAsBoolean()) {
            throw new UserException("stopped before " + task + " was done");
        }
        if (progress != null) {
            progress.update(done, remark);
        }
    }

    @Override
    public void scored(ProtocolScore score) {
        close();
        out.printf(
                Locale.ROOT,
                ROW,
                score.protocol(),
                percent(score.top1()),
                score.top5().isPresent() ? percent(score.top5().getAsDouble()) : "-",
                String.format(Locale.ROOT, "%.1f", score.seconds()),
                settings(score.settings()));
        if (!score.trials().isEmpty()) {
            out.println(score.trials().stream()
                    .map(BenchmarkDisplay::trial)
                    .collect(Collectors.joining(", ", "  tried on a fifth of the training images: ", "")));
        }
        out.flush();
    }

    @Override
    public void remark(String sentence) {
        error.println(sentence);
        error.flush();
    }

    @Override
    public void close() {
        if (progress != null) {
            progress.close();
            progress = null;
        }
    }

    private static String settings(Map<String, Object> settings) {
        return settings.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + text(entry.getValue()))
                .collect(Collectors.joining(" "));
    }

    private static String trial(Trial trial) {
        return text(trial.value()) + " → " + percent(trial.accuracy());
    }

    private static String text(Object value) {
        return value instanceof Double number ? number(number) : value.toString();
    }

    /** Three digits without trailing zeros: 30, 0.03, 0.00001. */
    private static String number(double value) {
        return new BigDecimal(value)
                .round(new MathContext(3))
                .stripTrailingZeros()
                .toPlainString();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
