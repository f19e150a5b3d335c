package org.millrace.app.text;

import java.util.Locale;
import org.millrace.contract.Count;
import org.millrace.contract.event.DictionaryHealth;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.StepHealth;

/** Label-free health as text: of an encoder, of a step's projections, of the dictionary. */
public final class HealthText {
    private HealthText() {}

    /** All measures on one line, with a warning if collapsed. */
    public static String line(Health health) {
        return String.format(
                Locale.ROOT,
                "spread %.3f/√%d · RankMe %.1f, centred %.1f, of %d · α %s · uniformity %.2f%s",
                health.spread(),
                health.dimensions(),
                health.rankMe(),
                health.rankMeCentred(),
                Math.min(health.images(), health.dimensions()),
                health.alphaReq()
                        .map(law -> String.format(Locale.ROOT, "%.2f", law.exponent()))
                        .orElse("not enough eigenvalues"),
                health.uniformity(),
                warning(health));
    }

    /** A batch's projections on one line; "not enough" where they were not measured. */
    public static String projections(StepHealth step) {
        String alignment = step.alignment().isPresent()
                ? String.format(
                        Locale.ROOT, "alignment %.2f · ", step.alignment().getAsDouble())
                : "";
        return step.projections().map(health -> alignment + line(health)).orElse("not enough");
    }

    /** The remembered keys on one line. */
    public static String dictionary(DictionaryHealth health) {
        return String.format(
                Locale.ROOT,
                "%s, age %.0f steps (oldest %,d), consistency %s",
                Count.of(health.keys(), "key"),
                health.ages().median(),
                health.ages().oldest(),
                health.consistency()
                        .map(measured -> String.format(Locale.ROOT, "%.3f", measured.cosine()))
                        .orElse("not enough"));
    }

    /** A warning for a collapsed encoder, to append to its scores; empty for a healthy one. */
    public static String warning(Health health) {
        return health.collapsed()
                ? String.format(
                        Locale.ROOT,
                        " · COLLAPSED: the encoder gives nearly the same features to every image (spread under %.2f)",
                        Health.COLLAPSED_SPREAD)
                : "";
    }
}
