package org.millrace.app.runs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.admin.TransactionState;
import org.millrace.app.run.DriftService;
import org.millrace.contract.HeldFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.evaluator.drift.stream.DriftTopology;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.rounds.RoundsGroups;
import org.millrace.trainer.run.RunLock;

/**
 * Which processes of a run are alive, as far as locks in the data folder, consumer groups, open transactions and the newest record of the
 * journal tell. A trainer elsewhere that has waited for images longer than {@link #RECENT} leaves no trace.
 *
 * @param trainer why a trainer is taken to be alive; empty where none is
 * @param monitor the same of a drift monitor
 */
public record RunActivity(Optional<String> trainer, Optional<String> monitor) {
    /** A journal whose newest record is younger may have a trainer on another machine. */
    static final Duration RECENT = Duration.ofSeconds(60);

    /** @param newestRecord Unix time in milliseconds of the journal's newest record */
    static RunActivity of(BrokerAdmin broker, RunTopics run, Path folder, OptionalLong newestRecord, Clock clock) {
        return new RunActivity(
                holder(folder.resolve(RunLock.FILE))
                        .map(holder -> "it is trained by " + holder + ", in " + folder)
                        .or(() -> members(broker, RoundsGroups.workers(run), "several trainers are at work"))
                        .or(() -> openTransaction(broker, run))
                        .or(() -> recent(folder, newestRecord, clock)),
                holder(folder.resolve(DriftService.LOCK))
                        .map(holder -> "its drift is monitored by " + holder + ", in " + folder)
                        .or(() -> members(broker, DriftTopology.group(run), "its drift is monitored")));
    }

    /** Why the run is live; empty where it is not. */
    public Optional<String> any() {
        return trainer.or(() -> monitor);
    }

    private static Optional<String> members(BrokerAdmin broker, String group, String words) {
        List<String> members = broker.members(group);
        return members.isEmpty()
                ? Optional.empty()
                : Optional.of(words + ": the consumer group " + group + " has a member on "
                        + String.join(", ", members.stream().distinct().toList()));
    }

    private static Optional<String> openTransaction(BrokerAdmin broker, RunTopics run) {
        String id = RunWriter.transactionalId(run);
        return broker.transactionalIds().get(id) == TransactionState.ONGOING
                ? Optional.of("it is trained: the transactional id " + id + " has an open transaction")
                : Optional.empty();
    }

    // where this is the folder of the run's trainer, its lock says more
    private static Optional<String> recent(Path folder, OptionalLong newestRecord, Clock clock) {
        if (newestRecord.isEmpty()
                || Files.exists(folder.resolve(RunLock.FILE))
                || Files.exists(folder.resolve("checkpoints"))) {
            return Optional.empty();
        }
        long seconds = (clock.millis() - newestRecord.getAsLong()) / 1000;
        return seconds < RECENT.toSeconds()
                ? Optional.of("it may be trained on another machine: the newest record of its journal is "
                        + Math.max(0, seconds) + " s old")
                : Optional.empty();
    }

    private static Optional<String> holder(Path lock) {
        if (!Files.exists(lock)) {
            return Optional.empty();
        }
        try {
            HeldFile.take(lock, "process " + ProcessHandle.current().pid()).close();
            return Optional.empty();
        } catch (HeldFile.TakenException e) {
            return Optional.of(e.holder().isBlank() ? "another process" : e.holder());
        } catch (IOException e) {
            throw new UserException("cannot see whether " + lock + " is held: " + e, e);
        }
    }
}
