package org.millrace.app.run;

import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.millrace.contract.event.ModelDrift;

/** How far an encoder has moved from earlier ones, in words. */
public final class ModelDriftText {
    private ModelDriftText() {}

    /** All comparisons on one line. */
    public static String line(ModelDrift drift) {
        return drift.against().stream()
                .map(against -> String.format(
                        Locale.ROOT,
                        "against %sencoder %d: CKA %s, Procrustes %s, new neighbours %.0f %%",
                        against.role() == ModelDrift.Role.FIRST ? "the first, " : "",
                        against.version(),
                        number(against.cka()),
                        number(against.procrustes()),
                        100 * against.churn()))
                .collect(Collectors.joining(" · "));
    }

    /** What moved since the encoder before, to be put after an encoder's scores; empty for the first. */
    public static String sincePrevious(ModelDrift drift) {
        return drift.against().stream()
                .filter(against -> against.role() == ModelDrift.Role.PREVIOUS)
                .map(against -> String.format(
                        Locale.ROOT,
                        " · %.0f %% new neighbours since encoder %d",
                        100 * against.churn(),
                        against.version()))
                .collect(Collectors.joining());
    }

    private static String number(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.3f", value.getAsDouble()) : "–";
    }
}
