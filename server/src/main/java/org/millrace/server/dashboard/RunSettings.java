package org.millrace.server.dashboard;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.RunStarted;

/** The configuration that a run is trained with, which may differ from that of the process that shows it. */
final class RunSettings {
    private static final List<String> NAMED = List.of(
            "trainer.objective",
            "encoder.architecture",
            "encoder.height",
            "encoder.width",
            "encoder.channels",
            "trainer.batch-size",
            "optimiser.method",
            "optimiser.schedule",
            "replay.policy",
            "trainer.publish-every-steps",
            "run.seed");

    private RunSettings() {}

    /** The configuration that the trainer recorded when it started, or {@code own} where a record of another release cannot be used. */
    static MillraceConfig of(RunStarted start, MillraceConfig own) {
        List<String> assignments = start.configuration().entrySet().stream()
                .filter(entry ->
                        !entry.getKey().startsWith("kafka.") && !entry.getKey().startsWith("http."))
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
        try {
            return new ConfigLoader().assignments(assignments).load();
        } catch (UserException e) {
            return own;
        }
    }

    /** The settings that the page shows. */
    static Map<String, String> named(MillraceConfig config) {
        Map<String, String> all = ConfigLoader.effective(config);
        Map<String, String> named = new LinkedHashMap<>();
        NAMED.forEach(key -> named.put(key, all.getOrDefault(key, "")));
        return named;
    }
}
