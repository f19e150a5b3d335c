package org.millrace.app.run;

import java.util.Locale;
import org.millrace.contract.event.Health;

/** The label-free health of an encoder in words. */
public final class HealthText {
    private HealthText() {}

    /** All of it on one line, a collapse in words. */
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

    /** Empty for a healthy encoder; says of a collapsed one that it is, to be put after its scores. */
    public static String warning(Health health) {
        return health.collapsed()
                ? String.format(
                        Locale.ROOT,
                        " · COLLAPSED: the encoder gives nearly the same features to every image (spread under %.2f)",
                        Health.COLLAPSED_SPREAD)
                : "";
    }
}
