package org.millrace.trainer.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.Memory;
import org.millrace.keystore.image.FileKey;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The checkpoints of a run: the newest whole one, and new ones, written beside the steps that follow. Not thread safe; the owner closes it. */
public final class RunCheckpoints implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RunCheckpoints.class);
    private static final long PAUSE_NANOS = 2_000_000;
    private static final int LAST_SECONDS = 5;
    private final MillraceConfig config;
    private final Memory memory;
    private final Optional<RunImages> images;
    private final String engine;
    private final Moment.Listener moments;
    private final CheckpointFolder folder;
    private final RunBudget budget;
    private final Deque<Long> keptSequences = new ArrayDeque<>();
    private final ExecutorService background = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "millrace-checkpoint");
        thread.setDaemon(true);
        return thread;
    });
    private @Nullable Writing writing;

    /** A checkpoint on its way to disk. */
    private record Writing(long step, long keySequence, Future<Written> done) {}

    /**
     * What there is once a checkpoint is on disk.
     *
     * @param kept checkpoints
     * @param needed files of the image store that these need, where that is known
     */
    private record Written(int kept, Optional<Set<FileKey>> needed) {}

    /**
     * @param images of a run with a replay buffer
     * @param engine what computes the steps, which a checkpoint names too
     */
    public RunCheckpoints(
            MillraceConfig config, Memory memory, Optional<RunImages> images, String engine, Moment.Listener moments) {
        this.moments = moments;
        this.config = config;
        this.memory = memory;
        this.images = images;
        this.engine = engine;
        this.folder = RunFolders.checkpoints(config);
        this.budget = new RunBudget(config, folder);
    }

    /**
     * The newest whole checkpoint whose keys the memory still has, and whose images' files the image store has then.
     *
     * @throws UserException where the run cannot go on from it with these settings
     */
    public Optional<Checkpoint> newest() {
        Optional<Checkpoint> newest = folder.newestWhole(checkpoint -> {
            RunState state = checkpoint.state();
            if (state.keySequence() > memory.newestSequence()) {
                throw new IllegalArgumentException("it needs key " + state.keySequence()
                        + ", but the key store reopened at key " + memory.newestSequence());
            }
            images.ifPresent(present -> present.fill(checkpoint, Optional.empty()));
        });
        newest.map(Checkpoint::state).ifPresent(state -> {
            RunSettings.compare(state, config);
            compareEngine(state);
            folder.inspect().values().stream()
                    .flatMap(inspection -> inspection.state().stream())
                    .forEach(kept -> keptSequences.addFirst(kept.keySequence()));
        });
        return newest;
    }

    /**
     * Takes a checkpoint: the state as it is now is copied here, and written on another thread once all that the steps so far report
     * is durable, so that no report is lost with a step that is never computed again. One that is still being written is waited for, until
     * {@code enough}; then none is taken.
     *
     * @param copy of the state as it is now
     * @param reported completes when all reports so far are durable
     * @return the step of the one that was waited for
     */
    public Optional<Long> take(Supplier<Checkpoint> copy, Future<?> reported, BooleanSupplier enough) {
        Optional<Long> before = awaitWritten(enough);
        if (writing != null) {
            return before;
        }
        memory.sync();
        images.ifPresent(present -> present.store().sync());
        Checkpoint checkpoint = copy.get();
        RunState state = checkpoint.state();
        moments.at(Moment.SNAPSHOT, state.step());
        writing = new Writing(state.step(), state.keySequence(), background.submit(() -> {
            reported.get();
            folder.writeAside(checkpoint);
            moments.at(Moment.WRITTEN, state.step());
            folder.name(checkpoint);
            moments.at(Moment.NAMED, state.step());
            budget.keep();
            return new Written(folder.count(), neededFiles());
        }));
        return before;
    }

    /** The step of the checkpoint that has been written since the last call, if one has; throws what kept it from being written. */
    public Optional<Long> written() {
        return writing != null && writing.done().isDone() ? awaitWritten(() -> true) : Optional.empty();
    }

    /** The same, and waits for the one that is being written, until {@code enough}. */
    public Optional<Long> awaitWritten(BooleanSupplier enough) {
        Writing now = writing;
        if (now == null) {
            return Optional.empty();
        }
        try {
            while (!now.done().isDone()) {
                if (enough.getAsBoolean()) {
                    return Optional.empty();
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            release(now, now.done().get());
        } catch (ExecutionException e) {
            throw inWords(now.step(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserException("interrupted while a checkpoint was being written", e);
        }
        writing = null;
        moments.at(Moment.RELEASED, now.step());
        return Optional.of(now.step());
    }

    /** Waits a little for what is being written, and drops it where that does not suffice. */
    @Override
    public void close() {
        background.shutdown();
        try {
            if (!background.awaitTermination(LAST_SECONDS, TimeUnit.SECONDS)) {
                background.shutdownNow();
            }
        } catch (InterruptedException e) {
            background.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private Optional<Set<FileKey>> neededFiles() {
        try {
            return images.isEmpty() ? Optional.empty() : Optional.of(folder.neededFiles());
        } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
            log.warn("no image of the replay buffer is deleted: a kept checkpoint cannot be read ({})", e.getMessage());
            return Optional.empty();
        }
    }

    // keys and files that no kept checkpoint needs
    private void release(Writing taken, Written written) {
        images.ifPresent(present ->
                written.needed().ifPresent(files -> present.store().release(taken.step(), files)));
        keptSequences.add(taken.keySequence());
        while (keptSequences.size() > written.kept()) {
            keptSequences.remove();
        }
        long oldest = keptSequences.element();
        boolean dictionary = memory instanceof KeyStore;
        memory.releaseBefore(dictionary ? Math.max(1, oldest - config.moco().queueSize() + 1) : oldest);
    }

    private static UserException inWords(long step, ExecutionException e) {
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof UserException known) {
                return known;
            }
        }
        return new UserException("the checkpoint of step " + step + " could not be written: " + e.getCause(), e);
    }

    private void compareEngine(RunState state) {
        if (!engine.equals(state.engine())) {
            log.warn(
                    "the checkpoint of step {} was computed by {}, now it is {}: the same bits are not promised",
                    state.step(),
                    state.engine(),
                    engine);
        }
    }
}
