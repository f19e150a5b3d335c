package org.millrace.app.runs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.millrace.contract.HeldFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.checkpoint.Folders;
import org.millrace.trainer.run.RunLock;

/** Removes a run from its broker and from one data folder. What was cut short is finished by doing it again. Not thread safe. */
public final class RunDeletion implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 50;

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final Clock clock;
    private final BrokerAdmin broker;
    private final RunTopics run;

    public RunDeletion(MillraceConfig config, KafkaSettings kafka, Clock clock) {
        this.config = config;
        this.kafka = kafka;
        this.clock = clock;
        this.broker = new BrokerAdmin(kafka);
        this.run = config.run().topics();
    }

    /** What the run has now. */
    public RunParts parts() {
        return RunParts.find(broker, config, run);
    }

    /** After how long without use the broker forgets a transactional id; empty where it does not say. */
    public Optional<Duration> idExpiry() {
        return broker.idExpiry();
    }

    /** Throws {@link UserException} where the run is live. */
    public void requireStopped() {
        Path folder = RunFolder.of(config, run);
        OptionalLong newest = parts().topics().contains(run.steps())
                ? JournalTail.read(kafka, run).newestMillis()
                : OptionalLong.empty();
        RunActivity.of(broker, run, folder, newest, clock).any().ifPresent(why -> {
            throw new UserException("run " + run.run() + " is not deleted: " + why
                    + ".\nStop its processes first; one on another machine counts as stopped "
                    + RunActivity.RECENT.toSeconds() + " s after its last record. Nothing was changed.");
        });
    }

    /**
     * Deletes these: first the processes that may still write are shut out, so that a trainer that waits elsewhere ends instead of going on.
     *
     * @throws UserException where something of the run is there afterwards
     */
    public void delete(RunParts parts) {
        Optional<HeldFile> lock = lock();
        try {
            broker.fence(parts.transactionalIds());
            broker.deleteGroups(parts.groups());
            broker.deleteTopics(parts.topics());
            for (Path folder : parts.folders()) {
                Folders.delete(folder);
            }
        } catch (IOException e) {
            throw new UserException(
                    "run " + run.run() + " is deleted at the broker, but not wholly on disk: " + e
                            + ". Is the folder writable? Then delete it again.",
                    e);
        } finally {
            lock.ifPresent(HeldFile::close);
        }
        awaitGone();
    }

    @Override
    public void close() {
        broker.close();
    }

    // the broker answers before all of its metadata knows
    private void awaitGone() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        RunParts left = parts();
        while (!left.isEmpty() && System.nanoTime() < end) {
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
            left = parts();
        }
        if (!left.isEmpty()) {
            throw new UserException("of run " + run.run() + " there are still, or again, topics " + left.topics()
                    + ", groups " + left.groups() + ", folders " + left.folders()
                    + ".\nDoes a process of the run go on, or does the broker create topics by itself? Stop it and delete the run"
                    + " again.");
        }
    }

    // the trainer's, where the run has a folder, so that none starts meanwhile
    private Optional<HeldFile> lock() {
        Path folder = RunFolder.of(config, run);
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try {
            return Optional.of(HeldFile.take(folder.resolve(RunLock.FILE), "millrace runs delete"));
        } catch (HeldFile.TakenException e) {
            throw new UserException(
                    "run " + run.run() + " is not deleted: it is trained by " + e.holder() + ", in " + folder
                            + ". Nothing was changed.",
                    e);
        } catch (IOException e) {
            throw new UserException("cannot write to " + folder + ": " + e + ". Nothing was changed.", e);
        }
    }
}
