package org.millrace.contract.config;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the settings of a run differ from those that it was trained with, as far as they bear on its numbers.
 *
 * @param structural those that a run keeps from its first plan on: they decide the shape of its state, or which images a plan names
 * @param others those that it may go on with
 */
public record SettingChanges(List<Change> structural, List<Change> others) {
    private static final List<String> STRUCTURAL = List.of(
            "run.seed",
            "images.topic",
            "images.max-pixels",
            "images.decode-scale",
            "encoder.",
            "amdim.mixture",
            "head.",
            "trainer.objective",
            "trainer.symmetric",
            "trainer.batch-size",
            "moco.queue-size",
            "memory-bank.capacity",
            "optimiser.method",
            "replay.");
    /** Groups of keys, and keys, that decide what a step computes. */
    private static final List<String> COMPUTED = List.of(
            "run.seed",
            "run.device",
            "run.threads",
            "images.",
            "encoder.",
            "head.",
            "trainer.",
            "moco.",
            "byol.",
            "simclr.",
            "amdim.",
            "memory-bank.",
            "end-to-end.",
            "optimiser.",
            "augment.",
            "replay.");
    /** Of those, the ones that do not. */
    private static final List<String> BESIDE = List.of(
            "images.rejected-topic",
            "images.probe-topic",
            "images.partitions",
            "images.max-bytes",
            "trainer.prepare-threads",
            "trainer.on-gap",
            "trainer.checkpoint-every-steps",
            "trainer.checkpoints-kept",
            "trainer.digest-every-steps",
            "trainer.health-every-steps",
            "trainer.publish-every-steps",
            "trainer.encoders-kept");

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

    /** Compares two effective configurations; a key that the release of one did not have had today's default. */
    public static SettingChanges between(Map<String, String> then, Map<String, String> now) {
        Map<String, String> former = new TreeMap<>(ConfigLoader.effective(new ConfigLoader().load()));
        Map<String, String> latter = new TreeMap<>(former);
        former.putAll(then);
        latter.putAll(now);
        List<Change> changes = former.entrySet().stream()
                .filter(entry -> isAmong(COMPUTED, entry.getKey()) && !isAmong(BESIDE, entry.getKey()))
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

    /** Whether a run with this configuration keeps the key's value from its first plan on. */
    public static boolean isStructural(String key, Map<String, String> configuration) {
        // where the replay buffer uses features, the number of prepared batches decides when those of a step count
        boolean features = "min-red".equals(configuration.get("replay.policy"));
        return isAmong(STRUCTURAL, key) || (features && key.equals("trainer.prefetch-batches"));
    }

    public boolean isEmpty() {
        return structural.isEmpty() && others.isEmpty();
    }

    private static boolean isAmong(List<String> names, String key) {
        return names.stream().anyMatch(name -> name.endsWith(".") ? key.startsWith(name) : key.equals(name));
    }
}
