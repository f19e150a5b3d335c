package org.millrace.trainer.rounds;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.weights.Safetensors;
import org.millrace.keystore.KeyBatch;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamEvents;

/**
 * Slots whose steps sleep: images come from the log through the real pipeline, and what is contributed has the size of the configured
 * network and pseudo-random numbers that depend on round and slot alone. Used by one thread.
 */
final class EmulatedSlots implements SlotComputation {
    private static final float RANGE = 1e-3f; // of a weight's change in a round

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final long stepMillis;

    EmulatedSlots(MillraceConfig config, KafkaSettings kafka, long stepMillis) {
        this.config = config;
        this.kafka = kafka;
        this.stepMillis = stepMillis;
    }

    @Override
    public Optional<byte[]> compute(
            GlobalState before, RoundDealt deal, int slot, BooleanSupplier stopped, SlotTrainer.Listeners listeners)
            throws InterruptedException {
        int most = config.rounds().steps();
        int slots = deal.slots().size();
        var numbers = new SlotNumbers(deal.step(), slots, slot, most);
        var random = new SplittableRandom(deal.round() * slots + slot);
        List<OffsetRange> dealt = deal.slots().get(slot);
        List<OffsetRange> trained = new ArrayList<>();
        List<StepDone> steps = new ArrayList<>();
        List<KeyBatch> keys = new ArrayList<>();
        try (Pipeline pipeline = Pipeline.ofDealt(config, kafka, numbers.beforeSlot(), dealt, StreamEvents.NONE)
                .start()) {
            while (steps.size() < most) {
                Optional<PreparedStep> next = pipeline.next(stopped);
                if (stopped.getAsBoolean()) {
                    return Optional.empty();
                }
                if (next.isEmpty()) {
                    break;
                }
                Thread.sleep(stepMillis);
                PreparedStep prepared = next.get();
                pipeline.release(prepared.views());
                trained.addAll(prepared.plan().ranges());
                keys.add(keys(prepared, random));
                steps.add(report(prepared, steps.size() + 1, before.keySequence()));
                listeners.stepped().accept(steps.get(steps.size() - 1));
            }
        }
        long images = (long) steps.size() * config.trainer().batchSize();
        var account =
                new Contribution.Account(deal.round(), slot, images, 0, Supply.without(dealt, trained), steps, images);
        return Optional.of(file(config, before, account, keys, slots, random));
    }

    /** A contribution as the configured network's would be. */
    static byte[] file(
            MillraceConfig config,
            GlobalState before,
            Contribution.Account account,
            List<KeyBatch> keys,
            int slots,
            SplittableRandom random) {
        return Contribution.file(
                account,
                before,
                moved(before.query(), random),
                moved(before.key(), random),
                partOfDictionary(config, keys, slots),
                config.rounds().precision());
    }

    // as many as SlotTrainer sends
    private static List<KeyBatch> partOfDictionary(MillraceConfig config, List<KeyBatch> keys, int slots) {
        int eachStep = slots * config.trainer().batchSize();
        int steps = (config.moco().queueSize() + eachStep - 1) / eachStep;
        return keys.subList(Math.max(0, keys.size() - steps), keys.size());
    }

    private static Safetensors moved(Safetensors before, SplittableRandom random) {
        FlatWeights weights = FlatWeights.of(before); // arrays of its own
        float[] parameters = weights.parameters();
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] += RANGE * (random.nextInt() / (float) Integer.MAX_VALUE);
        }
        return weights.like(before);
    }

    private KeyBatch keys(PreparedStep prepared, SplittableRandom random) {
        int dimension = config.head().output();
        float[] rows = new float[prepared.images().size() * dimension];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = random.nextInt() / (float) Integer.MAX_VALUE;
        }
        return new KeyBatch(prepared.plan().step(), dimension, rows, prepared.images());
    }

    private StepDone report(PreparedStep prepared, int count, long keysBefore) {
        return report(
                prepared.plan().step(), count, config.trainer().batchSize(), keysBefore, prepared.millis(), stepMillis);
    }

    /** A report with the fields of a real one of MoCo. */
    static StepDone report(
            long step, int count, int batch, long keysBefore, Map<String, Double> prepared, long stepMillis) {
        var stages = new StageClock(System::nanoTime);
        for (Stage stage : Stage.values()) {
            if (stage.compareTo(Stage.MOMENTUM) >= 0 && stage.compareTo(Stage.HEALTH) <= 0) {
                stages.lap(stage);
            }
        }
        stages.lap(Stage.WAIT);
        Map<String, Double> millis = new TreeMap<>(prepared);
        millis.putAll(stages.millis());
        long images = (long) count * batch;
        return new StepDone(
                JournalEvent.SCHEMA,
                step,
                images,
                0,
                Optional.empty(),
                Optional.empty(),
                7.123456 + 1.0 / count,
                0.123456789,
                OptionalDouble.empty(),
                0.0312345678,
                OptionalDouble.of(0.99),
                OptionalDouble.empty(),
                keysBefore + images,
                images,
                OptionalDouble.of(0.87654321),
                OptionalInt.of(0),
                Optional.empty(),
                millis,
                Optional.empty(),
                System.currentTimeMillis() + stepMillis);
    }
}
