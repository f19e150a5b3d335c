package org.millrace.trainer.objective;

import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.AmdimNetwork;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.keystore.Memory;

/**
 * What is learnt from several views of the same images: networks and a formula. One step is: {@link #follow} → {@link #targets} → {@link #loss}, which the caller
 * differentiates by {@link #query()} → the optimiser → {@link #remember}. Not thread safe; the owner closes it.
 *
 * <p>A new objective is one file and its line in four lists that the compiler checks: docs/objectives.md.
 */
public sealed interface Objective extends AutoCloseable
        permits MomentumContrast, MocoV3, Simclr, Byol, Amdim, EndToEnd, InstanceDiscrimination, Distillation {
    /** Prefix of the encoder's tensors in the networks' weights. */
    String ENCODER = "encoder.";

    /** The objective that the configuration names. */
    static Objective create(MillraceConfig config, Torch torch, Memory memory) {
        return switch (config.trainer().objective()) {
            case MOCO_V1 -> MomentumContrast.v1(config, torch, memory.asKeys());
            case MOCO_V2 -> MomentumContrast.v2(config, torch, memory.asKeys());
            case MOCO_V3 -> new MocoV3(config, torch);
            case SIMCLR -> new Simclr(config, torch);
            case BYOL -> new Byol(config, torch);
            case AMDIM -> new Amdim(config, torch);
            case MEMORY_BANK -> new InstanceDiscrimination(config, torch, memory.asBank());
            case END_TO_END -> new EndToEnd(config, torch);
            case DISTILL -> new Distillation(config, torch);
        };
    }

    /**
     * The encoder of a learning network's file, as it is published: its tensors without {@link #ENCODER}, and of AMDIM the head behind which
     * the page compares places.
     */
    static Safetensors encoderOf(Safetensors query) {
        Set<String> beside = query.names().stream()
                .filter(name -> name.startsWith(AmdimNetwork.MATCHING_HEAD))
                .collect(Collectors.toSet());
        Safetensors encoder = query.part(ENCODER);
        return beside.isEmpty() ? encoder : encoder.replaced(Set.of(), query.only(beside));
    }

    /** Weights of the network that learns; its encoder's tensors begin with {@link #ENCODER}. */
    Weights query();

    /** Weights of the momentum encoder (BYOL: target network), where there is one. */
    default Optional<Weights> key() {
        return Optional.empty();
    }

    /** Share that the momentum encoder keeps of its weights in that step, where there is one. */
    default OptionalDouble momentum(long step) {
        return OptionalDouble.empty();
    }

    /** Moves the momentum encoder, where there is one, before a step's keys are made. */
    default void follow(long step) {}

    /**
     * The constants of a step's loss; computed while no gradient is recorded.
     *
     * @param scope owner of the result
     */
    default Targets targets(Batch batch, NDManager scope) {
        return Targets.NONE;
    }

    /**
     * The loss of a batch, or of one of its {@code trainer.accumulate} parts with that part's targets; computed while gradients are recorded.
     *
     * @param scope owner of everything that this makes
     */
    Loss loss(Batch batch, Targets targets, NDManager scope);

    /** The views that the learning network encoded for the last loss, with their features; none without a guard. */
    List<Encoded> encoded();

    /** Puts what the step made into the objective's memory, where it has one, after the logits and the update. */
    default void remember(Loss loss, Batch batch) {}

    /** What is carried from step to step beside the query's weights and the memory: the momentum encoder, where there is one. */
    default Safetensors state() {
        return key().map(weights -> weights.snapshot("")).orElseGet(() -> new Safetensors.Builder().build());
    }

    /** Empties the memory, which an earlier trainer of the run may have filled, before the first step. */
    default void begin() {}

    /** Takes the state of a checkpoint, and the memory back to its sequence number. */
    default void restore(Safetensors state, long sequence) {
        key().ifPresent(weights -> weights.read(state));
    }

    /** Rows put into the memory so far; 0 without one. */
    default long keySequence() {
        return 0;
    }

    /** Rows in the memory now; 0 without one. */
    default long keysFilled() {
        return 0;
    }

    /** The memory of past images as those see it who watch its health, where there is one. */
    default Optional<Remembered> remembered() {
        return Optional.empty();
    }

    @Override
    void close();
}
