package org.millrace.trainer.rounds;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.millrace.contract.UserException;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.kafka.KafkaSettings;

/**
 * The deals and merges of the journal, as they come. Of several records for one round, which only a forger can write, the first counts. Not
 * thread safe; the owner closes it.
 */
final class Rounds implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);

    private final String topic;
    private final Tail<JournalEvent> journal;
    private final Map<Long, RoundDealt> deals = new HashMap<>();
    private final Map<Long, RoundMerged> merges = new HashMap<>();
    private final Set<String> sessions = new HashSet<>();
    private long forgotten; // rounds before this one

    Rounds(KafkaSettings kafka, String topic) {
        this.topic = topic;
        this.journal = new Tail<>(kafka, topic, JournalEvent.class);
    }

    /** Takes what is there, or waits a little for it. */
    void poll(Duration timeout) {
        journal.poll(timeout, (record, event) -> take(event));
    }

    /** Takes everything that readers see now. */
    void catchUp() {
        journal.catchUp(POLL, (record, event) -> take(event));
    }

    /** Takes everything up to a start of the run that is durable: a broker shows readers a transaction a moment after it has answered. */
    void catchUpTo(RunStarted start, BooleanSupplier stopped) {
        while (!sessions.contains(start.session()) && !stopped.getAsBoolean()) {
            poll(POLL);
        }
    }

    /** Takes a deal that this process has written, before readers see it. */
    void add(RoundDealt deal) {
        take(deal);
    }

    Optional<RoundDealt> deal(long round) {
        return Optional.ofNullable(deals.get(round));
    }

    /** The deal of a round that the journal merges. */
    RoundDealt dealOf(RoundMerged merge) {
        return deal(merge.round())
                .orElseThrow(() -> new UserException("the journal " + topic + " merges round " + merge.round()
                        + ", which it never dealt. Start a new run with another run.name."));
    }

    /** Whether the state before a round has a digest. */
    boolean comesTo(long round, String digest) {
        return merge(round - 1).filter(merge -> merge.digest().equals(digest)).isPresent();
    }

    Optional<RoundMerged> merge(long round) {
        return Optional.ofNullable(merges.get(round));
    }

    /** Lets go of the rounds before one. */
    void forgetBefore(long round) {
        forgotten = round;
        deals.keySet().removeIf(earlier -> earlier < round);
        merges.keySet().removeIf(earlier -> earlier < round);
    }

    private void take(JournalEvent event) {
        if (event instanceof RoundDealt deal && deal.round() >= forgotten) {
            deals.putIfAbsent(deal.round(), deal);
        } else if (event instanceof RoundMerged merge && merge.round() >= forgotten) {
            merges.putIfAbsent(merge.round(), merge);
        } else if (event instanceof RunStarted start) {
            sessions.add(start.session());
        }
    }

    @Override
    public void close() {
        journal.close();
    }
}
