package org.millrace.app.text;

import java.util.Locale;
import java.util.Optional;
import org.millrace.contract.event.Comparison;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Interval;

/** An accuracy as text: the share, its interval, and how it stands beside the untrained encoder's. */
public final class AccuracyText {
    private AccuracyText() {}

    /** {@code 41.3 % (34.9–48.0), no different from the untrained encoder}. */
    public static String linear(Evaluation evaluation) {
        Evaluation.LinearScore score = evaluation.linear();
        return share(score.accuracy()) + interval(score.interval()) + beside(score.besideUntrained());
    }

    /** The same for the nearest neighbours. */
    public static String neighbours(Evaluation evaluation) {
        Evaluation.NeighbourScore score = evaluation.neighbours();
        return share(score.accuracy()) + interval(score.interval()) + beside(score.besideUntrained());
    }

    /** {@code  (34.9–48.0)}, in per cent; empty where it was not recorded. */
    public static String interval(Optional<Interval> interval) {
        return interval.map(found -> String.format(Locale.ROOT, " (%.1f–%.1f)", 100 * found.low(), 100 * found.high()))
                .orElse("");
    }

    private static String share(double accuracy) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * accuracy);
    }

    private static String beside(Optional<Comparison> untrained) {
        return untrained
                .map(comparison -> switch (comparison) {
                    case BELOW -> ", BELOW the untrained encoder";
                    case NO_DIFFERENT -> ", no different from the untrained encoder";
                    case ABOVE -> "";
                })
                .orElse("");
    }
}
