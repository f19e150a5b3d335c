package org.millrace.app.demo;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.millrace.app.run.RunStatistics;
import org.millrace.app.text.AccuracyText;
import org.millrace.app.text.HealthText;
import org.millrace.contract.Count;
import org.millrace.contract.event.Stage;

/** The report as text: a table, the stages of a step, and the loss as a small chart. */
final class DemoSummary {
    private static final String LEVELS = "▁▂▃▄▅▆▇█";
    private static final int CHART = 60;
    private static final int BAR = 40;

    private DemoSummary() {}

    static String of(DemoReport report, List<Double> losses) {
        StringBuilder text = new StringBuilder();
        line(text, "");
        line(
                text,
                "images     pushed %,d · trained %,d · rejected %,d",
                report.imagesPushed(),
                report.imagesTrained(),
                report.imagesRejected());
        if (report.steps() == 0) {
            line(text, "training   stopped before the first step");
            return text.toString();
        }
        line(text, "training   %s · %.0f images/s", Count.of(report.steps(), "step"), report.imagesPerSecond());
        line(text, "loss       %s   %s", loss(report), chart(losses));
        line(text, "dictionary %,d of %,d keys", report.keysFilled(), report.keysCapacity());
        line(text, "");
        table(text, report);
        line(text, "");
        line(text, "a step's time by stage, median (stages marked … overlap the step before)");
        stages(text, report.stageMillis());
        return text.toString();
    }

    // with few steps the first and the last are the same, and one mean is enough
    private static String loss(DemoReport report) {
        double first = report.lossFirst().orElse(Double.NaN);
        double last = report.lossLast().orElse(Double.NaN);
        return report.steps() <= RunStatistics.LOSS_STEPS
                ? String.format(Locale.ROOT, "%.3f, mean of %s", last, Count.of(report.steps(), "step"))
                : String.format(
                        Locale.ROOT,
                        "%.3f first · %.3f last, means of %d steps",
                        first,
                        last,
                        RunStatistics.LOSS_STEPS);
    }

    private static void table(StringBuilder text, DemoReport report) {
        Optional<DemoReport.Scores> any = report.last().or(report::untrained);
        if (any.isEmpty()) {
            line(text, "encoder    stopped before the first score");
            return;
        }
        line(
                text,
                "encoder            linear     kNN     on %s",
                Count.of(any.get().heldOut(), "held-out image"));
        report.untrained().ifPresent(scores -> scores(text, "untrained", scores));
        report.last().ifPresent(scores -> scores(text, "after " + Count.of(scores.version(), "step"), scores));
        report.margin()
                .ifPresentOrElse(
                        margin -> line(
                                text,
                                "%-16s %+6.1f   %+6.1f   wanted %+.1f: %s",
                                "points gained",
                                margin.linear(),
                                margin.neighbours(),
                                margin.wanted(),
                                margin.met() ? "met" : "not met (train for longer)"),
                        () -> line(text, "%-16s unknown: stopped before the last encoder was scored", "points gained"));
        report.untrained().ifPresent(scores -> health(text, "health, untrained", scores));
        report.last().ifPresent(scores -> health(text, "health, last", scores));
    }

    private static void scores(StringBuilder text, String name, DemoReport.Scores scores) {
        String intervals =
                AccuracyText.interval(scores.linearInterval()) + AccuracyText.interval(scores.neighboursInterval());
        line(
                text,
                "%-16s %5.1f %%  %5.1f %%%s",
                name,
                100 * scores.linear(),
                100 * scores.neighbours(),
                intervals.isEmpty() ? "" : "   95 %:" + intervals);
    }

    private static void health(StringBuilder text, String name, DemoReport.Scores scores) {
        scores.health().ifPresent(health -> line(text, "%-18s %s", name, HealthText.line(health)));
    }

    private static void stages(StringBuilder text, Map<String, Double> millis) {
        double longest =
                millis.values().stream().mapToDouble(Double::doubleValue).max().orElse(1);
        millis.forEach((stage, time) ->
                line(text, "  %-9s %8.2f ms %s", stage, time, (overlapped(stage) ? "…" : "█").repeat((int)
                                Math.round(BAR * time / longest))));
    }

    private static boolean overlapped(String stage) {
        return Stream.of(Stage.values())
                .anyMatch(known -> known.prepares() && known.key().equals(stage));
    }

    // means of equal groups of losses, as bars between the lowest and the highest
    private static String chart(List<Double> losses) {
        int bars = Math.min(CHART, losses.size());
        double[] means = new double[bars];
        for (int i = 0; i < bars; i++) {
            int from = (int) ((long) i * losses.size() / bars);
            int to = (int) ((long) (i + 1) * losses.size() / bars);
            means[i] = losses.subList(from, to).stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElse(0);
        }
        double low = java.util.Arrays.stream(means).min().orElse(0);
        double high = java.util.Arrays.stream(means).max().orElse(1);
        StringBuilder chart = new StringBuilder();
        for (double mean : means) {
            chart.append(LEVELS.charAt(high == low ? 0 : (int) ((mean - low) / (high - low) * (LEVELS.length() - 1))));
        }
        return chart.toString();
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments))
                .append('\n');
    }
}
