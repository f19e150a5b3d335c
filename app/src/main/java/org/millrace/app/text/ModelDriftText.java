package org.millrace.app.text;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.ModelDrift.Against;
import org.millrace.contract.event.ModelDrift.Role;

/** How far an encoder has moved from earlier ones, as text. */
public final class ModelDriftText {
    private ModelDriftText() {}

    /** All comparisons on one line, each encoder once with its roles. */
    public static String line(ModelDrift drift) {
        Map<Long, List<Against>> byVersion = drift.against().stream()
                .collect(Collectors.groupingBy(Against::version, LinkedHashMap::new, Collectors.toList()));
        return byVersion.values().stream()
                .map(same -> String.format(
                        Locale.ROOT,
                        "against encoder %d (%s): CKA %s, Procrustes %s, new neighbours %.0f %%",
                        same.get(0).version(),
                        same.stream().map(against -> word(against.role())).collect(Collectors.joining(", ")),
                        number(same.get(0).cka()),
                        number(same.get(0).procrustes()),
                        100 * same.get(0).churn()))
                .collect(Collectors.joining(" · "));
    }

    private static String word(Role role) {
        return switch (role) {
            case PREVIOUS -> "the one before";
            case CURRENT -> "current";
            case PINNED -> "pinned";
            case FIRST -> "the first";
        };
    }

    /** The change since the previous encoder, to append to an encoder's scores; empty for the first. */
    public static String sincePrevious(ModelDrift drift) {
        return drift.against(Role.PREVIOUS)
                .map(against -> String.format(
                        Locale.ROOT,
                        " · %.0f %% new neighbours since encoder %d",
                        100 * against.churn(),
                        against.version()))
                .orElse("");
    }

    private static String number(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.3f", value.getAsDouble()) : "not measurable";
    }
}
