package org.millrace.app.dashboard;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.MomentumSchedule;
import org.millrace.contract.event.RunStarted;

/** With which configuration a run is trained, which need not be that of the process that shows it. */
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

    /** The configuration that the trainer wrote down when it started, or {@code own} where another release wrote it. */
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

    /** The few settings that the page names. */
    static Map<String, String> named(MillraceConfig config) {
        Map<String, String> all = ConfigLoader.effective(config);
        Map<String, String> named = new LinkedHashMap<>();
        NAMED.forEach(key -> named.put(key, all.getOrDefault(key, "")));
        return named;
    }

    /** Momentum of the second encoder in that step; empty for objectives without one. */
    static OptionalDouble momentum(MillraceConfig config, long step) {
        return switch (config.trainer().objective()) {
            case MOCO_V1, MOCO_V2, MOCO_V3 ->
                OptionalDouble.of(
                        at(step, config.moco().momentum(), config.moco().momentumSchedule(), config));
            case BYOL ->
                OptionalDouble.of(
                        at(step, config.byol().momentum(), config.byol().momentumSchedule(), config));
            case SIMCLR, AMDIM, MEMORY_BANK, END_TO_END -> OptionalDouble.empty();
        };
    }

    private static double at(long step, double first, MomentumSchedule schedule, MillraceConfig config) {
        return switch (schedule) {
            case CONSTANT -> first;
            case COSINE -> {
                double share =
                        Math.min(1, (step - 1) / (double) config.optimiser().totalSteps());
                yield 1 - (1 - first) * (Math.cos(Math.PI * share) + 1) / 2;
            }
        };
    }
}
