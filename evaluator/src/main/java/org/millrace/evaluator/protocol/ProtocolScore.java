package org.millrace.evaluator.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.millrace.evaluator.score.Trial;

/**
 * A protocol's result. Accuracies are shares in [0, 1] of the images scored on.
 *
 * @param top5 only where there are more than five classes
 * @param settings in the order in which they are shown, with those chosen by trials
 * @param trials of the settings to choose from, on a part of the training half
 */
public record ProtocolScore(
        String protocol,
        double top1,
        OptionalDouble top5,
        Map<String, Object> settings,
        List<Trial> trials,
        double seconds) {
    public ProtocolScore {
        settings = new LinkedHashMap<>(settings);
        trials = List.copyOf(trials);
    }
}
