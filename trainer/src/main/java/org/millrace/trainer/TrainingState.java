package org.millrace.trainer;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.GateCounts;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.Signals;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.tensor.Torch;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.gate.Gate;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.run.EncoderPublisher;
import org.millrace.trainer.run.Moment;
import org.millrace.trainer.run.RunSettings;
import org.millrace.trainer.run.RunTeacher;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamPosition;
import org.millrace.trainer.stream.StreamState;
import org.millrace.trainer.stream.TrainedStep;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a step changes: networks and memory (the {@link Learner}'s), replay buffer, and the place in stream and journal, as after the last
 * computed step. A checkpoint is a copy of it. Used by the trainer's thread.
 */
final class TrainingState {
    private static final Logger log = LoggerFactory.getLogger(TrainingState.class);

    private final RunSetup setup;
    private final Torch torch;
    private final Learner learner;
    private final ReplayBuffer buffer;
    private final Gate gate;
    private StreamPosition position = StreamPosition.START;
    private long journalOffset; // behind the plan of the last computed step

    TrainingState(RunSetup setup, Torch torch, Learner learner) {
        this.setup = setup;
        this.torch = torch;
        this.learner = learner;
        this.buffer = ReplayBuffer.of(setup.config());
        this.gate = new Gate(setup.config());
    }

    /** Takes the state of a checkpoint, or of the run's beginning where there is none. */
    void restore(Optional<Checkpoint> checkpoint, RunTeacher teacher) {
        checkpoint.ifPresentOrElse(this::restore, learner::begin);
        if (position.step() == 0) {
            beginning().ifPresent(learner::initialise);
        }
        teacher.of(checkpoint).ifPresent(learner::teach);
        learner.learnedShare()
                .ifPresent(share -> log.info(
                        "encoder.train is {}: {}",
                        setup.config().encoder().train().key(),
                        share));
    }

    /** The encoder that the run begins with, or began with where its file has gone since; empty for a random one. */
    private Optional<Safetensors> beginning() {
        MillraceConfig config = setup.config();
        if (InitialWeights.isGone(config.encoder())) {
            Optional<PublishedEncoder> first = PublishedEncoders.first(setup.kafka(), setup.topics());
            if (first.isPresent()) {
                log.warn(
                        "encoder.initial-weights is {}, which is not there any more: the run begins again with its encoder 0, from the topic {}",
                        config.encoder().initialWeights(),
                        setup.topics().encoders());
                return first.map(encoder -> Safetensors.parse(encoder.safetensors()));
            }
        }
        return InitialWeights.of(torch, config.encoder());
    }

    private void restore(Checkpoint checkpoint) {
        RunState state = checkpoint.state();
        checkpoint.base().ifPresent(learner::beginWith);
        learner.restore(checkpoint.query(), checkpoint.key(), checkpoint.optimiser(), state.keySequence());
        buffer.restore(checkpoint.buffer(), state.bufferOffered());
        state.freshShare().ifPresent(buffer::restoreShare);
        gate.restore(checkpoint.gate());
        position = state.position();
        journalOffset = state.journalOffset();
    }

    /** Computes a step: encode, contrast, update, enqueue; then stands behind it. */
    Learner.Result compute(PreparedStep prepared, long planEnd, StageClock stages) {
        long step = prepared.plan().step();
        journalOffset = planEnd;
        setup.moments().at(Moment.PLAN_DURABLE, step);
        learner.weigh(guardWeight(prepared));
        Learner.Result result =
                learner.step(step, prepared.views(), prepared.images(), prepared.ids(), prepared.segments(), stages);
        setup.moments().at(Moment.COMPUTED, step);
        gate.apply(prepared.judged());
        buffer.apply(step, prepared.bufferChanges(), prepared.bufferOffered());
        if (buffer.learns()) {
            buffer.trained(TrainedStep.of(prepared, result.features(), result.losses()));
        }
        position = prepared.position();
        return result;
    }

    private static OptionalDouble guardWeight(PreparedStep prepared) {
        return prepared.plan().signals().map(Signals::guardWeight).orElse(OptionalDouble.empty());
    }

    /** The steps computed so far. */
    long step() {
        return position.step();
    }

    StreamPosition position() {
        return position;
    }

    /** The journal's offset behind the plan of the last computed step; 0 before the first. */
    long journalOffset() {
        return journalOffset;
    }

    /** Goes on elsewhere in the stream, at the same step. */
    void moveTo(StreamPosition other) {
        position = other;
    }

    /**
     * The place in the stream with copies of replay buffer and gate, for the preparation to run ahead with.
     *
     * @param images the files of the buffer's images
     */
    StreamState ahead(Optional<ImageStore> images) {
        ReplayBuffer bufferAhead = ReplayBuffer.of(setup.config());
        bufferAhead.restore(buffer.content(), buffer.offered());
        buffer.shareContent().ifPresent(bufferAhead::restoreShare);
        Gate gateAhead = new Gate(setup.config());
        gateAhead.restore(gate.content());
        return new StreamState(position, bufferAhead, images, gateAhead);
    }

    /** What the gate has seen and skipped; empty without one. */
    Optional<GateCounts> gateCounts() {
        return gate.counts();
    }

    /** The encoder alone and whole. */
    Safetensors encoder() {
        return learner.encoder();
    }

    /** What was learned of it, where a part of it does not learn. */
    Optional<EncoderPublisher.Learned> learned() {
        return learner.base()
                .map(begun -> new EncoderPublisher.Learned(learner.query().part(Objective.ENCODER), begun.sha256()));
    }

    /** The digest of networks, optimiser and memory, every {@code trainer.digest-every-steps}. */
    Optional<String> digestIfDue() {
        int every = setup.config().trainer().digestEverySteps();
        return every > 0 && position.step() % every == 0 ? Optional.of(learner.digest()) : Optional.empty();
    }

    /** What the journal says of a session of the trainer that goes on from here. */
    RunStarted started(LogIdentity imageLog) {
        return RunSettings.started(setup.config(), position.step(), torch.description(), imageLog, setup.clock());
    }

    /**
     * A copy of all of it.
     *
     * @param imageLog the topic images as it is now
     * @param published versions of the encoders that stand on the topic
     */
    Checkpoint copy(LogIdentity imageLog, List<Long> published) {
        MillraceConfig config = setup.config();
        Map<String, String> configuration = ConfigLoader.effective(config);
        var state = new RunState(
                RunState.SCHEMA,
                config.run().name(),
                position.step(),
                position.nextOffsets(),
                position.leaderEpochs(),
                imageLog,
                position.imagesTrained(),
                position.imagesRejected(),
                journalOffset,
                learner.keySequence(),
                buffer.offered(),
                buffer.shareContent(),
                published,
                torch.description(),
                configuration,
                RunState.digest(configuration),
                setup.clock().millis(),
                Map.of());
        return new Checkpoint(
                state,
                learner.query(),
                learner.key(),
                learner.optimiser(),
                buffer.content(),
                gate.content(),
                learner.teacher(),
                learner.base());
    }
}
