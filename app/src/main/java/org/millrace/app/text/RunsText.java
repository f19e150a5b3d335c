package org.millrace.app.text;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.millrace.app.runs.RunComparison;
import org.millrace.app.runs.RunComparison.Row;
import org.millrace.app.runs.RunComparison.Score;
import org.millrace.app.runs.RunParts;
import org.millrace.app.runs.RunSummary;
import org.millrace.contract.Count;
import org.millrace.evaluator.score.Difference;
import org.millrace.evaluator.score.PairedScores;

/** Runs as text: a list, two side by side, and what one consists of. */
public final class RunsText {
    private static final String NONE = "-";

    private RunsText() {}

    /** A row for each run, and below it why a live one is taken to be live. */
    public static List<String> list(List<RunSummary> runs) {
        List<String> lines = new ArrayList<>();
        int width = Math.max(
                3, runs.stream().mapToInt(run -> run.run().length()).max().orElse(0));
        String format = "%-" + width + "s  %-8s %10s %14s %9s  %10s %10s  %-20s  %s";
        lines.add(String.format(
                format,
                "run",
                "state",
                "step",
                "images",
                "encoders",
                "in topics",
                "on disk",
                "newest record",
                "linear probe (95 %)"));
        for (RunSummary run : runs) {
            lines.add(String.format(
                    format,
                    run.run(),
                    state(run),
                    run.step().isPresent() ? String.valueOf(run.step().getAsLong()) : NONE,
                    run.step().isPresent() ? String.format(Locale.ROOT, "%,d", run.images()) : NONE,
                    run.encoders(),
                    bytes(run.topicBytes()),
                    bytes(run.folderBytes()),
                    run.newestRecordMillis().isPresent()
                            ? second(run.newestRecordMillis().getAsLong())
                            : NONE,
                    run.score().map(RunsText::score).orElse("not scored")));
            run.activity().trainer().ifPresent(why -> lines.add("    " + why));
            run.activity().monitor().ifPresent(why -> lines.add("    " + why));
        }
        return lines;
    }

    /** Settings that differ, scores by images, and the paired differences. */
    public static List<String> comparison(RunComparison comparison) {
        String first = comparison.first();
        String second = comparison.second();
        List<String> lines = new ArrayList<>();
        lines.add("settings at their first starts in which " + first + " → " + second + " differ: "
                + (comparison.settings().isEmpty() ? "none that affects results" : ""));
        comparison.settings().forEach(change -> lines.add("  " + change));
        lines.add("");
        lines.add(String.format(
                "%14s   %-24s %-24s", "images trained", first + ": linear, kNN", second + ": linear, kNN"));
        for (Row row : comparison.rows()) {
            long images = row.first().or(row::second).orElseThrow().imagesTrained();
            lines.add(String.format(
                    Locale.ROOT, "%,14d   %-24s %-24s", images, accuracies(row.first()), accuracies(row.second())));
            row.difference().ifPresent(paired -> lines.addAll(differences(paired, first, second)));
        }
        if (comparison.rows().isEmpty()) {
            lines.add("neither run has a score: millrace evaluate --run NAME");
        }
        comparison.newest().ifPresent(row -> {
            Score one = row.first().orElseThrow();
            Score other = row.second().orElseThrow();
            if (one.imagesTrained() != other.imagesTrained()) {
                lines.add("");
                lines.add(String.format(
                        Locale.ROOT,
                        "the newest encoders, after %,d and %,d images: %s and %s",
                        one.imagesTrained(),
                        other.imagesTrained(),
                        accuracies(row.first()),
                        accuracies(row.second())));
                row.difference().ifPresent(paired -> lines.addAll(differences(paired, first, second)));
            }
        });
        return lines;
    }

    /** What a deletion removes. */
    public static List<String> parts(RunParts parts) {
        List<String> lines = new ArrayList<>();
        parts.topics().forEach(topic -> lines.add("  topic             " + topic));
        parts.groups().forEach(group -> lines.add("  consumer group    " + group));
        parts.folders().forEach(folder -> lines.add("  folder            " + folder.toAbsolutePath()));
        return lines;
    }

    private static List<String> differences(PairedScores paired, String first, String second) {
        if (!paired.missing().isEmpty()) {
            return List.of("                 no difference is given: " + paired.missing());
        }
        List<String> lines = new ArrayList<>();
        paired.linear().ifPresent(side -> lines.add(difference("linear", side, first, second)));
        paired.neighbours().ifPresent(side -> lines.add(difference("kNN", side, first, second)));
        return lines;
    }

    private static String difference(String name, Difference side, String first, String second) {
        return String.format(
                Locale.ROOT,
                "                 %-6s %s - %s: %+.1f points (95 %%: %+.1f to %+.1f), on the same %s; right alone: %,d and %,d",
                name,
                first,
                second,
                100 * side.difference(),
                100 * side.low(),
                100 * side.high(),
                Count.of(side.images(), "held-out image"),
                side.onlyFirst(),
                side.onlySecond());
    }

    private static String accuracies(Optional<Score> score) {
        return score.map(known ->
                        String.format(Locale.ROOT, "%.1f %%, %.1f %%", 100 * known.linear(), 100 * known.neighbours()))
                .orElse(NONE);
    }

    private static String score(RunSummary.Score score) {
        return String.format(
                Locale.ROOT,
                "%.1f %%%s of %s, encoder %d",
                100 * score.linear(),
                AccuracyText.interval(score.linearInterval()),
                Count.of(score.images(), "held-out image"),
                score.version());
    }

    private static String state(RunSummary run) {
        if (run.activity().trainer().isPresent()) {
            return "training";
        }
        return run.activity().monitor().isPresent() ? "watched" : "stopped";
    }

    private static String bytes(long bytes) {
        if (bytes < 1_000_000) {
            return String.format(Locale.ROOT, "%.1f kB", bytes / 1e3);
        }
        return bytes < 1_000_000_000
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }

    private static String second(long millis) {
        return Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
