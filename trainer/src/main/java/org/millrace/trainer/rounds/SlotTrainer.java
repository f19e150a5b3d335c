package org.millrace.trainer.rounds;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig.Remembers;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.Signals;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.Memory;
import org.millrace.trainer.Learner;
import org.millrace.trainer.health.CollapseWatch;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.run.RunMemory;
import org.millrace.trainer.run.RunTeacher;
import org.millrace.trainer.stream.Pipeline;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.Rejection;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamEvents;

/**
 * Computes slots: a pure function of the merged state, the deal and the image log. Optimiser, step counts and memory begin with the slot and end with
 * it. Used by one thread.
 */
final class SlotTrainer implements SlotComputation {
    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Torch torch;
    private final Clock clock;
    private @Nullable Safetensors teacher; // of a run with a guard, once it was needed

    SlotTrainer(MillraceConfig config, KafkaSettings kafka, Torch torch, Clock clock) {
        this.config = config;
        this.kafka = kafka;
        this.torch = torch;
        this.clock = clock;
    }

    /** The state that a run begins with. */
    static GlobalState beginning(MillraceConfig config, Torch torch) {
        try (Memory memory = RunMemory.openOnHeap(config);
                Learner learner = new Learner(config, torch, memory)) {
            learner.begin();
            InitialWeights.of(torch, config.encoder()).ifPresent(learner::initialise);
            return new GlobalState(
                    0, 0, 0, 0, Supply.WHOLE, learner.query(), learner.key(), new float[0], List.of(), 0);
        }
    }

    /**
     * Listens to a slot's steps.
     *
     * @param stepped after each
     * @param rejected of each image that does not decode
     */
    record Listeners(Consumer<StepDone> stepped, Consumer<Rejection> rejected) {}

    @Override
    public Optional<byte[]> compute(
            GlobalState before, RoundDealt deal, int slot, BooleanSupplier stopped, Listeners listeners)
            throws InterruptedException {
        int most = config.rounds().steps();
        var numbers = new SlotNumbers(deal.step(), deal.slots().size(), slot, most);
        List<OffsetRange> dealt = deal.slots().get(slot);
        List<OffsetRange> trained = new ArrayList<>();
        List<StepDone> steps = new ArrayList<>();
        long rejected = 0;
        try (Memory memory = memory(before);
                Learner learner = new Learner(config, torch, memory, numbers);
                Pipeline pipeline = Pipeline.ofDealt(config, kafka, numbers.beforeSlot(), dealt, StreamEvents.NONE)
                        .start()) {
            learner.restore(before.query(), before.key(), learner.optimiser(), before.keySequence());
            if (config.guard().active()) {
                learner.teach(teacher(before));
                learner.weigh(deal.signals().map(Signals::guardWeight).orElse(OptionalDouble.empty()));
            }
            var reports = new Reports();
            while (steps.size() < most) {
                StageClock stages = new StageClock(System::nanoTime);
                Optional<PreparedStep> next = pipeline.next(stopped);
                stages.lap(Stage.WAIT);
                if (stopped.getAsBoolean()) {
                    return Optional.empty();
                }
                if (next.isEmpty()) {
                    break;
                }
                PreparedStep prepared = next.get();
                Learner.Result result = learner.step(
                        prepared.plan().step(),
                        prepared.views(),
                        prepared.images(),
                        prepared.ids(),
                        prepared.segments(),
                        stages);
                pipeline.release(prepared.views());
                prepared.rejections().forEach(listeners.rejected());
                rejected += prepared.rejections().size();
                trained.addAll(prepared.plan().ranges());
                StepDone done = reports.of(prepared, result, stages);
                steps.add(done);
                listeners.stepped().accept(done);
            }
            long images = (long) steps.size() * config.trainer().batchSize();
            var account = new Contribution.Account(
                    deal.round(),
                    slot,
                    images,
                    rejected,
                    Supply.without(dealt, trained),
                    steps,
                    learner.keySequence() - before.keySequence());
            Safetensors query = learner.query();
            Safetensors key = learner.key();
            return Optional.of(Contribution.file(
                    account,
                    before,
                    query,
                    key,
                    newKeys(memory, account, deal.slots().size()),
                    config.rounds().precision()));
        }
    }

    // constant, so that every process has the same
    private Safetensors teacher(GlobalState before) {
        Safetensors known = teacher;
        if (known == null) {
            known = new RunTeacher(config, kafka)
                    .ofTopic(before.round() == 0)
                    .orElseGet(() -> before.query().part(Objective.ENCODER));
            teacher = known;
        }
        return known;
    }

    private boolean hasDictionary() {
        return config.trainer().objective().remembers() == Remembers.KEYS;
    }

    private Memory memory(GlobalState before) {
        Memory memory = RunMemory.openOnHeap(config);
        if (hasDictionary()) {
            RunMemory.fill(memory.asKeys(), before.dictionary(), before.keySequence());
        }
        return memory;
    }

    // no more than the slot's part of the next dictionary
    private List<KeyBatch> newKeys(Memory memory, Contribution.Account account, int slots) {
        if (!hasDictionary() || account.steps().isEmpty()) {
            return List.of();
        }
        long eachStep = account.keysMade() / account.steps().size();
        long wantedSteps = (config.moco().queueSize() + slots * eachStep - 1) / (slots * eachStep);
        KeyStore keys = memory.asKeys();
        return RunMemory.newest(keys, (int) Math.min(account.keysMade(), wantedSteps * eachStep));
    }

    /** The reports of a slot's steps. */
    private final class Reports {
        private final CollapseWatch collapse = new CollapseWatch();
        private long images;
        private long rejected;

        StepDone of(PreparedStep prepared, Learner.Result result, StageClock stages) {
            int count = prepared.images().size();
            images += count;
            rejected += prepared.rejections().size();
            double spread = CollapseWatch.spread(result.features(), count);
            Map<String, Double> millis = new TreeMap<>(prepared.millis());
            millis.putAll(stages.millis());
            return new StepDone(
                    JournalEvent.SCHEMA,
                    prepared.plan().step(),
                    images,
                    rejected,
                    Optional.empty(),
                    Optional.empty(),
                    result.loss(),
                    result.accuracy(),
                    result.guard(),
                    result.learningRate(),
                    result.momentum(),
                    OptionalDouble.empty(),
                    result.keySequence(),
                    result.keysFilled(),
                    OptionalDouble.of(spread),
                    OptionalInt.of(collapse.after(spread)),
                    result.health(),
                    millis,
                    Optional.empty(),
                    clock.millis());
        }
    }
}
