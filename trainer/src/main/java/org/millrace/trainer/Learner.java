package org.millrace.trainer;

import static org.millrace.contract.Check.check;

import ai.djl.ndarray.NDManager;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepHealth;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.Memory;
import org.millrace.trainer.checkpoint.BaseEncoder;
import org.millrace.trainer.guard.Guard;
import org.millrace.trainer.guard.HeadChange;
import org.millrace.trainer.health.HealthWatch;
import org.millrace.trainer.objective.Batch;
import org.millrace.trainer.objective.Loss;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.objective.Targets;
import org.millrace.trainer.optimiser.Divergence;
import org.millrace.trainer.optimiser.WeightUpdate;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.ViewBuffers;

/**
 * The computing half of a step: momentum → keys → queries → contrast → backward → update → enqueue → health. Knows nothing of Kafka. Used by one
 * thread at a time; the owner closes it, but not the key store.
 *
 * <p>The moving average comes first, as in the official code; as both networks begin equal this is the same sequence as He et al.'s
 * Algorithm 1, where it follows the update.
 */
public final class Learner implements AutoCloseable {
    private final Torch torch;
    private final Objective objective;
    private final WeightUpdate update;
    private final Divergence divergence;
    private final HealthWatch health;
    private final Differentiation differentiation;
    private final StepNumbers numbers;
    private final Optional<Guard> guard;
    private Optional<BaseEncoder> base =
            Optional.empty(); // of a run that leaves parameters of its encoder as they were

    /** Computes in {@code trainer.precision}, every step of its run. */
    public Learner(MillraceConfig config, Torch torch, Memory memory) {
        this(config, torch, memory, StepNumbers.OF_ONE_TRAINER);
    }

    /** Computes in {@code trainer.precision} the steps of these numbers. */
    public Learner(MillraceConfig config, Torch torch, Memory memory, StepNumbers numbers) {
        this(config, torch, Objective.create(config, torch.with(config.trainer().precision()), memory), numbers);
    }

    /** Takes the objective over. */
    Learner(MillraceConfig config, Torch torch, Objective objective, StepNumbers numbers) {
        this.numbers = numbers;
        this.torch = torch;
        this.objective = objective;
        this.divergence = Divergence.of(config);
        this.update = new WeightUpdate(config, torch, objective.query(), divergence);
        this.guard = Guard.of(config, torch.with(config.trainer().precision()));
        this.differentiation =
                new Differentiation(objective, guard, update, config.trainer().accumulate());
        this.health = new HealthWatch(objective, torch, config.trainer().healthEverySteps());
    }

    /**
     * What a step did; the keys' counts as after it.
     *
     * @param losses of the images in batch order, up to a constant factor; none where the objective has no loss of a single image
     * @param features a unit row for each image, the direction between its views' projections: N×C row by row
     * @param guard the guard's distance, where there is one
     * @param health after every {@code trainer.health-every-steps}-th step
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Result(
            double loss,
            double accuracy,
            OptionalDouble guard,
            double learningRate,
            OptionalDouble momentum,
            long keySequence,
            long keysFilled,
            float[] losses,
            float[] features,
            Optional<StepHealth> health) {}

    /**
     * Trains on one batch.
     *
     * @param views of each image; unchanged until this returns
     * @param images where they lie in the log, in batch order
     * @param ids of the images, where their records have one
     * @param segments of the images, as {@link Batch#segments} has them
     * @throws org.millrace.contract.UserException where the loss is no longer a number
     */
    public Result step(
            long step,
            ViewBuffers views,
            List<ImageOffset> images,
            List<Optional<ImageId>> ids,
            List<OptionalLong> segments,
            StageClock clock) {
        try (NDManager scope = torch.newManager()) {
            return step(
                    new Batch(step, images, ids, segments, ViewTensors.of(views, images.size(), scope)), scope, clock);
        }
    }

    /** Sets λ of the guard for the steps from now on, as their plans have it; empty for that of the configuration. */
    public void weigh(OptionalDouble guardWeight) {
        guard.ifPresent(present -> present.weigh(guardWeight));
    }

    /** Trains on one batch of images whose segments are not known. */
    public Result step(
            long step, ViewBuffers views, List<ImageOffset> images, List<Optional<ImageId>> ids, StageClock clock) {
        return step(step, views, images, ids, Collections.nCopies(images.size(), OptionalLong.empty()), clock);
    }

    Result step(Batch batch, NDManager scope, StageClock clock) {
        return Gradients.unrecorded(() -> computed(batch, scope, clock));
    }

    private Result computed(Batch batch, NDManager scope, StageClock clock) {
        long step = batch.step();
        long scheduled = numbers.scheduled(step);
        double rate = update.rate(scheduled);
        objective.follow(scheduled);
        guard.ifPresent(present -> present.follow(objective.query()));
        clock.lap(Stage.MOMENTUM);
        Targets targets = objective.targets(batch, scope);
        clock.lap(Stage.KEYS);
        Differentiation.Outcome made = differentiation.of(batch, targets, scope, clock);
        Loss loss = made.loss();
        double value = loss.value().getFloat();
        divergence.check(step, value + made.distance(), rate);
        update.apply(step, numbers.taken(step), rate);
        clock.lap(Stage.UPDATE);
        objective.remember(loss, batch);
        clock.lap(Stage.ENQUEUE);
        Optional<StepHealth> healthNow = health.after(batch, loss.projections());
        clock.lap(Stage.HEALTH);
        return new Result(
                value,
                loss.accuracy(),
                guard.isPresent() ? OptionalDouble.of(made.distance()) : OptionalDouble.empty(),
                rate,
                objective.momentum(scheduled),
                objective.keySequence(),
                objective.keysFilled(),
                loss.ofImages(),
                loss.projections().between().toFloatArray(),
                healthNow);
    }

    /** The encoder alone and whole, under torchvision's names. */
    public Safetensors encoder() {
        Safetensors learned = Objective.encoderOf(query());
        return base.map(begun -> LowRank.merged(begun.whole(), learned)).orElse(learned);
    }

    /** The encoder with which the run began, where parameters of it stay as they were then. */
    public Optional<BaseEncoder> base() {
        return base;
    }

    /** How much of the encoder learns, in words; empty where all of it does. */
    public Optional<String> learnedShare() {
        long learned = objective.query().learned(Objective.ENCODER);
        long all = objective.query().parameters(Objective.ENCODER);
        return base.map(begun -> String.format(
                Locale.ROOT,
                "%d of the encoder's %d parameters learn, %.1f %%; the others stay as they began",
                learned,
                all,
                100.0 * learned / all));
    }

    /** Weights and buffers of the learning network, frozen ones left out. */
    public Safetensors query() {
        return objective.query().snapshot("");
    }

    /** Weights and buffers of the momentum encoder, or what else the objective carries from step to step; no tensors where it is nothing. */
    public Safetensors key() {
        return objective.state();
    }

    /** What the optimiser carries from step to step, and in fp16 the scale of the loss. */
    public Safetensors optimiser() {
        return update.state();
    }

    /**
     * What names the state to the bit: SHA-256 over the digests of query network, momentum encoder and optimiser, which are
     * those of a checkpoint's files, and the sequence number of the newest key; with a guard also that of its teacher, and of the encoder
     * that the run began with where parts of it do not learn. Hexadecimal.
     */
    public String digest() {
        String parts = String.join(
                " ",
                Sha256.of(query().toBytes()),
                Sha256.of(key().toBytes()),
                Sha256.of(optimiser().toBytes()),
                String.valueOf(keySequence()));
        String whole = parts
                + teacher().map(file -> " " + Sha256.of(file.toBytes())).orElse("")
                + base.map(begun -> " " + begun.sha256()).orElse("");
        return Sha256.of(whole.getBytes(StandardCharsets.US_ASCII));
    }

    public long keySequence() {
        return objective.keySequence();
    }

    /** Sets the encoder of the query network and of the momentum encoder, before the first step; the heads stay as they are. */
    public void initialise(Safetensors encoder) {
        beginEncoders(encoder);
        noteBase();
        teachPresent();
    }

    /** Sets the encoder that the run began with, of which {@link #restore} then changes what learns. */
    public void beginWith(BaseEncoder begun) {
        beginEncoders(begun.whole());
        base = Optional.of(begun);
    }

    private void beginEncoders(Safetensors encoder) {
        objective.query().begin(Objective.ENCODER, encoder);
        objective.key().ifPresent(key -> key.begin(Objective.ENCODER, encoder));
    }

    private void noteBase() {
        base = objective.query().isPartlyFrozen()
                ? Optional.of(BaseEncoder.of(objective.query().beginning(Objective.ENCODER)))
                : Optional.empty();
    }

    /** The guard's teacher, where there is a guard. */
    public Optional<Safetensors> teacher() {
        return guard.map(Guard::teacher);
    }

    /** Sets the guard's teacher, where there is a guard, which otherwise is the encoder that this began or was restored with. */
    public void teach(Safetensors encoder) {
        guard.ifPresent(present -> present.teach(encoder));
    }

    private void teachPresent() {
        guard.ifPresent(present -> present.teach(encoder()));
    }

    /** Takes the state before the first step, whatever an earlier trainer left in the memory of past images. */
    public void begin() {
        health.clear();
        objective.begin();
        noteBase();
        teachPresent();
    }

    /** Takes the state of a checkpoint, to the bit, after {@link #beginWith} where it has a beginning; where the guard's predictor is another one now, it begins. */
    public void restore(Safetensors query, Safetensors key, Safetensors optimiserState, long keySequence) {
        health.clear();
        check(
                base.isPresent() || !objective.query().isPartlyFrozen(),
                "the checkpoint lacks the encoder that the run began with, of which only a part learns");
        var change = new HeadChange(query, objective.query());
        Safetensors weights = change.weights();
        update.restore(change.optimiser(optimiserState));
        objective.query().read(weights);
        objective.restore(key, keySequence);
        teachPresent();
    }

    @Override
    public void close() {
        health.close();
        guard.ifPresent(Guard::close);
        update.close();
        objective.close();
    }
}
