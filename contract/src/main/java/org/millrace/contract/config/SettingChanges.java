package org.millrace.contract.config;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.millrace.contract.config.Setting.Effect;

/**
 * How the settings of a run differ from those that it was trained with, as far as they bear on its numbers.
 *
 * @param structural those that a run keeps from its first plan on: they decide the shape of its state, or which images a plan names
 * @param others those that it may go on with
 */
public record SettingChanges(List<Change> structural, List<Change> others) {
    /** Where the replay buffer uses features or losses, the number of prepared batches decides when those of a step count. */
    private static final String PREFETCH = "trainer.prefetch-batches";

    private static final String TEACHER = "guard.teacher";
    private static final String NO_TEACHER = "none";

    private static final Set<String> LEARNING = Set.of("min-red", "two-tier");

    /** A merged state of several trainers has no room for a guard that it did not begin with. */
    private static final Set<String> OF_MERGED_STATE = Set.of(TEACHER, "guard.hidden");

    /** What releases did that did not have a key, where that is not its default. */
    private static final Map<String, String> BEFORE = Map.of("guard.centred", "false");

    private static final Map<String, Effect> EFFECTS =
            ConfigLoader.keys().stream().collect(Collectors.toMap(ConfigKey::name, ConfigKey::effect));

    public SettingChanges {
        structural = List.copyOf(structural);
        others = List.copyOf(others);
    }

    /** One key's values. */
    public record Change(String key, String then, String now) {
        @Override
        public String toString() {
            return key + ": " + then + " → " + now;
        }
    }

    /** Compares two effective configurations; a key that the release of the first did not have had today's default, or what that release did without it. */
    public static SettingChanges between(Map<String, String> then, Map<String, String> now) {
        Map<String, String> former = new TreeMap<>(ConfigLoader.effective(new ConfigLoader().load()));
        Map<String, String> latter = new TreeMap<>(former);
        former.putAll(BEFORE);
        former.putAll(then);
        latter.putAll(now);
        List<Change> changes = former.entrySet().stream()
                .filter(entry -> effect(entry.getKey()) != Effect.NONE)
                .filter(entry -> !isOfNoGuard(entry.getKey(), former, latter))
                .map(entry -> new Change(entry.getKey(), entry.getValue(), latter.getOrDefault(entry.getKey(), "")))
                .filter(change -> !change.then().equals(change.now()))
                .toList();
        return new SettingChanges(
                changes.stream()
                        .filter(change -> isStructural(change.key(), now))
                        .toList(),
                changes.stream()
                        .filter(change -> !isStructural(change.key(), now))
                        .toList());
    }

    // without a teacher the other keys of the guard say nothing
    private static boolean isOfNoGuard(String key, Map<String, String> then, Map<String, String> now) {
        return key.startsWith("guard.")
                && then.getOrDefault(TEACHER, NO_TEACHER).equals(NO_TEACHER)
                && now.getOrDefault(TEACHER, NO_TEACHER).equals(NO_TEACHER);
    }

    /** Whether a run with this configuration keeps the key's value from its first plan on. */
    public static boolean isStructural(String key, Map<String, String> configuration) {
        boolean learns = LEARNING.contains(configuration.getOrDefault("replay.policy", ""));
        boolean merged = !configuration.getOrDefault("rounds.slots", "1").equals("1");
        return effect(key) == Effect.STRUCTURE
                || (learns && key.equals(PREFETCH))
                || (merged && OF_MERGED_STATE.contains(key));
    }

    public boolean isEmpty() {
        return structural.isEmpty() && others.isEmpty();
    }

    // of a key that another release had: what the keys of its group that bear on a run have in common, or else that it
    // bears on the numbers
    private static Effect effect(String key) {
        Effect known = EFFECTS.get(key);
        if (known != null) {
            return known;
        }
        String group = key.substring(0, key.indexOf('.') + 1);
        Set<Effect> ofGroup = EFFECTS.keySet().stream()
                .filter(other -> other.startsWith(group))
                .map(other -> EFFECTS.getOrDefault(other, Effect.NONE))
                .filter(effect -> effect != Effect.NONE)
                .collect(Collectors.toSet());
        return switch (ofGroup.size()) {
            case 0 -> Effect.NONE; // kafka.*
            case 1 -> ofGroup.iterator().next();
            default -> Effect.NUMBERS;
        };
    }
}
