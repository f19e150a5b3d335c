package org.millrace.server.dashboard;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import org.millrace.contract.event.Comparison;
import org.millrace.contract.event.Comparison.Difference;
import org.millrace.contract.event.Evaluation;
import org.millrace.server.dashboard.Answer.Question;
import org.millrace.server.dashboard.Answer.Tone;

/** Is it learning? By the linear probe of the newest scored encoder: beside the untrained one, and over its last hour and day. */
final class Progress {
    static final String EVIDENCE = "learning-title";

    private Progress() {}

    static Answer answer(boolean collapsed, List<Evaluation> scores) {
        if (collapsed) {
            return answer(Tone.BAD, "No: it has collapsed, its projections have had no spread for many steps.");
        }
        if (scores.isEmpty()) {
            return answer(Tone.WAIT, "Not known: no encoder is scored yet, which takes labelled images.");
        }
        Evaluation last = scores.get(scores.size() - 1);
        if (last.version() == 0) {
            return answer(Tone.WAIT, "Not known yet: only the untrained encoder is scored, at %s.", percent(last));
        }
        Answer beside = newest(scores, last, score -> score.version() == 0)
                .map(untrained -> beside(last, untrained))
                .orElseGet(() -> answer(
                        Tone.NOTE,
                        "Encoder %d is at %s; there is no score of the untrained one to compare with.",
                        last.version(),
                        percent(last)));
        Optional<Evaluation> hour = before(scores, last, Duration.ofHours(1));
        Optional<Evaluation> day = before(scores, last, Duration.ofDays(1));
        boolean fell = hour.or(() -> day).filter(score -> isBelow(last, score)).isPresent();
        return (fell && beside.tone() == Tone.GOOD ? beside.as(Tone.WARN) : beside)
                .and(hour.map(score -> "Over its last hour " + change(last, score) + ".")
                        .orElse(""))
                .and(day.map(score -> "Over its last day " + change(last, score) + ".")
                        .orElse(""));
    }

    private static Answer beside(Evaluation last, Evaluation untrained) {
        Difference gain = difference(last, untrained);
        double points = 100 * (last.linear().accuracy() - untrained.linear().accuracy());
        String figures = String.format(
                Locale.ROOT,
                "%s points (95 %%: %s to %s) beside the untrained encoder's %s, encoder %d",
                signed(points),
                signed(100 * gain.low()),
                signed(100 * gain.high()),
                percent(untrained),
                last.version());
        if (gain.low() > 0) {
            return answer(Tone.GOOD, "Yes: %s.", figures);
        }
        return gain.high() < 0
                ? answer(Tone.BAD, "No, it is worse than no training: %s.", figures)
                : answer(Tone.WARN, "Not shown: %s.", figures);
    }

    private static boolean isBelow(Evaluation last, Evaluation earlier) {
        return Comparison.of(
                        last.linear().accuracy(),
                        last.testImages(),
                        earlier.linear().accuracy(),
                        earlier.testImages())
                == Comparison.BELOW;
    }

    // the last one scored that long before the newest
    private static Optional<Evaluation> before(List<Evaluation> scores, Evaluation last, Duration span) {
        long until = last.evaluatedAtMillis() - span.toMillis();
        return newest(scores, last, score -> score.evaluatedAtMillis() <= until);
    }

    private static Optional<Evaluation> newest(
            List<Evaluation> scores, Evaluation last, Predicate<Evaluation> condition) {
        return scores.stream()
                .filter(condition)
                .filter(score -> score.isComparable(last.testImages()))
                .reduce((earlier, later) -> later);
    }

    private static String change(Evaluation last, Evaluation earlier) {
        Difference difference = difference(last, earlier);
        return String.format(
                Locale.ROOT,
                "%s (%s to %s)",
                signed(100 * (last.linear().accuracy() - earlier.linear().accuracy())),
                signed(100 * difference.low()),
                signed(100 * difference.high()));
    }

    private static Difference difference(Evaluation last, Evaluation other) {
        return Difference.of(
                last.linear().accuracy(), last.testImages(), other.linear().accuracy(), other.testImages());
    }

    private static String percent(Evaluation score) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * score.linear().accuracy());
    }

    private static String signed(double points) {
        return String.format(Locale.ROOT, "%+.1f", points).replace('-', '−');
    }

    private static Answer answer(Tone tone, String words, Object... values) {
        return new Answer(Question.LEARNING, tone, String.format(Locale.ROOT, words, values), EVIDENCE);
    }
}
