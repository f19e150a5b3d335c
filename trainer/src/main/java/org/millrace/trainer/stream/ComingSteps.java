package org.millrace.trainer.stream;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Signals;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;

/**
 * The steps that follow a position, one after the other: those that the journal has planned already, then new ones, of which every {@code
 * replay.updates-per-batch}-th takes new images and the others replay. Used by the preparing thread.
 */
final class ComingSteps {
    private final Iterator<JournalledPlan> journalled;
    private final Optional<Function<StepPlan, Future<Long>>> journal;
    private final Supplier<Optional<Signals>> signals;
    private final Optional<Map<Integer, Long>> ends;
    private final int updatesPerBatch;
    private final StreamEvents events;
    private final String journalTopic;
    private final BatchMix mix;
    private final DrawnImages drawn;
    private final FreshSteps fresh;
    private final ReplayedSteps replayed;
    private Optional<StreamSkipped> skip; // still to come, behind the journalled plans
    private StreamPosition position;

    /** @param position after the step to go on from */
    ComingSteps(
            MillraceConfig config,
            StreamPosition position,
            ReplayBuffer buffer,
            BufferFiles files,
            Preparation preparation,
            PlanSource plans,
            StreamEvents events) {
        long seed = config.run().seed();
        this.position = position;
        this.journalled = plans.past().plans().iterator();
        this.skip = plans.past().skippedAfter();
        this.journal = plans.journal();
        this.signals = plans.signals();
        this.ends = plans.ends();
        this.updatesPerBatch = config.replay().updatesPerBatch();
        this.events = events;
        this.journalTopic = config.run().topics().steps();
        this.mix = new BatchMix(config.trainer().batchSize(), config.replay().freshShare());
        this.drawn = new DrawnImages(seed, buffer, files, preparation);
        this.fresh = new FreshSteps(seed, mix, buffer, files, drawn, preparation);
        this.replayed = new ReplayedSteps(config.trainer().batchSize(), drawn, preparation);
    }

    /** After the last step that was prepared. */
    StreamPosition position() {
        return position;
    }

    /** Prepares the next step; empty where there is none, or stopped first. */
    Optional<PreparedStep> next(BatchAssembler assembler, ViewBuffers views) throws InterruptedException {
        StageClock clock = new StageClock(System::nanoTime);
        Optional<PreparedStep> step = journalled.hasNext()
                ? again(journalled.next(), assembler, views, clock)
                : journal.isPresent() ? planned(journal.get(), assembler, views, clock) : Optional.empty();
        step.ifPresent(prepared -> position = prepared.position());
        return step;
    }

    private Optional<PreparedStep> again(
            JournalledPlan past, BatchAssembler assembler, ViewBuffers views, StageClock clock)
            throws InterruptedException {
        past.skippedBefore().ifPresent(skipped -> moveTo(skipped, assembler));
        Future<Long> offset = CompletableFuture.completedFuture(past.nextOffset());
        if (!past.plan().fresh()) {
            return Optional.of(replayed.prepare(past.plan(), offset, position, views, clock));
        }
        Optional<FreshBatch> batch;
        try {
            batch = assembler.again(past.plan(), clock);
        } catch (LogGapException e) {
            throw e;
        } catch (UserException e) {
            throw new UserException(
                    journalTopic + ", partition 0, offset " + (past.nextOffset() - 1) + ": " + e.getMessage(), e);
        }
        return batch.isEmpty()
                ? Optional.empty()
                : Optional.of(fresh.prepare(past.plan(), offset, batch.get(), position, views, clock));
    }

    private Optional<PreparedStep> planned(
            Function<StepPlan, Future<Long>> append, BatchAssembler assembler, ViewBuffers views, StageClock clock)
            throws InterruptedException {
        skip.ifPresent(skipped -> moveTo(skipped, assembler));
        skip = Optional.empty();
        long step = position.step() + 1;
        if (position.step() % updatesPerBatch != 0) {
            StepPlan plan = new StepPlan(step, List.of(), 0).with(signals.get());
            return Optional.of(replayed.prepare(plan, append.apply(plan), position, views, clock));
        }
        boolean gateOpen =
                Signals.isGateOpen(signals.get()); // the same for all its images, however long they take to come
        Optional<FreshBatch> batch = assembler.next(mix.fresh(drawn.available()), gateOpen, ends, events, clock);
        if (batch.isEmpty()) {
            return Optional.empty();
        }
        StepPlan plan = new StepPlan(
                        step,
                        batch.get().ranges(),
                        batch.get().decoded().size(),
                        batch.get().skipped())
                .with(Signals.withGate(signals.get(), gateOpen));
        return Optional.of(fresh.prepare(plan, append.apply(plan), batch.get(), position, views, clock));
    }

    private void moveTo(StreamSkipped skipped, BatchAssembler assembler) {
        assembler.moveTo(skipped.nextOffsets());
        position = position.movedTo(skipped.nextOffsets());
    }
}
