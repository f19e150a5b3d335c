package org.millrace.app.text;

import java.util.Locale;
import java.util.Optional;
import org.millrace.contract.event.Interval;
import org.millrace.contract.event.OldDomain;

/** Scores on the domain that a run came from, as text. */
final class OldDomainText {
    private OldDomainText() {}

    /** Linear and kNN accuracy with their intervals, the number of images, and λ of the guard. */
    static String line(OldDomain old) {
        return String.format(
                Locale.ROOT,
                "old domain: linear %s · kNN %s, %,d held-out images; λ of the guard %.3g",
                score(old.linear().accuracy(), old.linear().interval()),
                score(old.neighbours().accuracy(), old.neighbours().interval()),
                old.testImages(),
                old.weight());
    }

    private static String score(double accuracy, Optional<Interval> interval) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * accuracy)
                + interval.map(known -> String.format(
                                Locale.ROOT, " (95 %%: %.1f to %.1f)", 100 * known.low(), 100 * known.high()))
                        .orElse("");
    }
}
