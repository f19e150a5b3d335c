package org.millrace.trainer;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.keystore.Memory;
import org.millrace.keystore.MemoryBankSettings;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.CheckpointFolder;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.stream.ReplayBuffer;
import org.millrace.trainer.stream.StreamPosition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the checkpoints of a run and puts the run back to one. Not thread safe; the owner closes it. */
final class RunCheckpoints implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RunCheckpoints.class);
    private static final long PAUSE_NANOS = 2_000_000;
    private static final int LAST_SECONDS = 5;
    private final MillraceConfig config;
    private final Memory memory;
    private final Learner learner;
    private final String engine;
    private final Clock clock;
    private final Moment.Listener moments;
    private final CheckpointFolder folder;
    private final Deque<Long> keptSequences = new ArrayDeque<>();
    private final ExecutorService background = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "millrace-checkpoint");
        thread.setDaemon(true);
        return thread;
    });
    private @Nullable Writing writing;

    /** A checkpoint on its way to disk. */
    private record Writing(long step, long keySequence, Future<Long> done) {}

    RunCheckpoints(
            MillraceConfig config,
            Memory memory,
            Learner learner,
            String engine,
            Clock clock,
            Moment.Listener moments) {
        this.moments = moments;
        this.config = config;
        this.memory = memory;
        this.learner = learner;
        this.engine = engine;
        this.clock = clock;
        this.folder = RunFolders.checkpoints(config);
    }

    /** The run's dictionary or memory bank on disk, or an empty one on the heap for an objective without. */
    static Memory openMemory(MillraceConfig config) {
        return switch (config.trainer().objective().remembers()) {
            case KEYS -> keySettings(config).open(RunFolders.keys(config));
            case ROWS -> bankSettings(config).open(RunFolders.bank(config));
            case NOTHING -> openMemoryOnHeap(config);
        };
    }

    /** An empty memory of the same kind on the heap. */
    static Memory openMemoryOnHeap(MillraceConfig config) {
        return switch (config.trainer().objective().remembers()) {
            case KEYS, NOTHING -> keySettings(config).openInMemory();
            case ROWS -> bankSettings(config).openInMemory();
        };
    }

    /** Whether the run's objective keeps a dictionary of keys on disk. */
    static boolean hasDictionary(MillraceConfig config) {
        return config.trainer().objective().remembers() == TrainerConfig.Remembers.KEYS;
    }

    private static MemoryBankSettings bankSettings(MillraceConfig config) {
        return new MemoryBankSettings(
                config.images().topic(),
                config.head().output(),
                config.memoryBank().capacity());
    }

    static KeyStoreSettings keySettings(MillraceConfig config) {
        return new KeyStoreSettings(
                config.images().topic(), config.head().output(), config.moco().queueSize());
    }

    /** Where a run stands after it was put back. */
    record Restored(StreamPosition position, Optional<LogIdentity> log, long journalOffset, List<Long> published) {}

    /** Puts learner, dictionary and buffer back to the newest whole checkpoint, or to the beginning where there is none. */
    Restored restore(ReplayBuffer buffer) {
        Optional<Checkpoint> newest = folder.newestWhole(state -> {
            if (state.keySequence() > memory.newestSequence()) {
                throw new IllegalArgumentException("it needs key " + state.keySequence()
                        + ", but the key store reopened at key " + memory.newestSequence());
            }
        });
        if (newest.isEmpty()) {
            learner.begin();
            return new Restored(StreamPosition.START, Optional.empty(), 0, List.of());
        }
        Checkpoint checkpoint = newest.get();
        RunState state = checkpoint.state();
        RunSettings.compare(state, config);
        compareEngine(state);
        learner.restore(checkpoint.query(), checkpoint.key(), checkpoint.optimiser(), state.keySequence());
        buffer.restore(checkpoint.buffer(), state.bufferOffered());
        folder.inspect().values().stream()
                .flatMap(inspection -> inspection.state().stream())
                .forEach(kept -> keptSequences.addFirst(kept.keySequence()));
        return new Restored(state.position(), Optional.of(state.log()), state.journalOffset(), state.published());
    }

    /**
     * Takes a checkpoint: the state as it is now is copied here, and written on another thread once all that the steps so far report
     * is durable, so that no report is lost with a step that is never computed again. One that is still being written is waited for, until
     * {@code enough}; then none is taken.
     *
     * @param reported completes when it is
     * @return the step of the one that was waited for
     */
    Optional<Long> take(
            StreamPosition position,
            LogIdentity imageLog,
            long journalOffset,
            ReplayBuffer buffer,
            List<Long> published,
            Future<?> reported,
            BooleanSupplier enough) {
        Optional<Long> before = awaitWritten(enough);
        if (writing != null) {
            return before;
        }
        memory.sync();
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
                published,
                engine,
                configuration,
                RunState.digest(configuration),
                clock.millis(),
                Map.of());
        var checkpoint = new Checkpoint(state, learner.query(), learner.key(), learner.optimiser(), buffer.content());
        moments.at(Moment.SNAPSHOT, state.step());
        writing = new Writing(state.step(), state.keySequence(), background.submit(() -> {
            reported.get();
            folder.writeAside(checkpoint);
            moments.at(Moment.WRITTEN, state.step());
            folder.name(checkpoint);
            moments.at(Moment.NAMED, state.step());
            return state.step();
        }));
        return before;
    }

    /** The step of the checkpoint that has been written since this was asked last, if one has; throws what kept it from that. */
    Optional<Long> written() {
        return writing != null && writing.done().isDone() ? awaitWritten(() -> true) : Optional.empty();
    }

    /** The same, and waits for the one that is being written, until {@code enough}. */
    Optional<Long> awaitWritten(BooleanSupplier enough) {
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
            now.done().get();
        } catch (ExecutionException e) {
            throw inWords(now.step(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserException("interrupted while a checkpoint was being written", e);
        }
        writing = null;
        release(now.keySequence());
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

    // keys that no kept checkpoint needs
    private void release(long sequence) {
        keptSequences.add(sequence);
        while (keptSequences.size() > config.trainer().checkpointsKept()) {
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
