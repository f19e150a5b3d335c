package org.millrace.trainer.stream;

import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.TrainerConfig.OnGap;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.journal.JournalReader.Past;
import org.millrace.trainer.journal.RunWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images that a run needs and the log no longer has: refused, with the choice that the user has, or skipped where {@code trainer.on-gap}
 * says so, which the journal records. Not thread safe.
 */
public final class StreamGaps {
    private static final Logger LOG = LoggerFactory.getLogger(StreamGaps.class);
    private static final long PAUSE_NANOS = 2_000_000;
    private static final String COMPACTED =
            "is compacted (cleanup.policy=compact): Kafka removes an image once another one with its key has come.";

    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final StreamEvents events;
    private final Clock clock;
    private final RunWriter writer;
    private LogIdentity log;
    private Optional<LogIdentity> positionLog;
    private boolean compacted;

    /** Where a run goes on, and what its journal says of the steps from there. */
    public record Onward(StreamPosition position, Past past) {}

    /**
     * @param log the topic images as it is now
     * @param positionLog the one that the run's position belongs to, where that is known
     */
    public StreamGaps(
            MillraceConfig config,
            KafkaSettings kafka,
            StreamEvents events,
            Clock clock,
            RunWriter writer,
            LogIdentity log,
            Optional<LogIdentity> positionLog) {
        this.config = config;
        this.kafka = kafka;
        this.events = events;
        this.clock = clock;
        this.writer = writer;
        this.log = log;
        this.positionLog = positionLog;
    }

    /** The identity of the topic images, as last read. */
    public LogIdentity log() {
        return log;
    }

    /** Reads the identity of the topic images again. */
    public void lookAgain() {
        try (var topics = new TopicSetup(kafka)) {
            log = topics.identity(config.images().topic());
        }
    }

    /**
     * The position and its past as they are; or where images of them are gone and may be skipped, the nearest place to go on from.
     *
     * @param met the gap that training met since; then the plans after the position are void, where nothing else is gone
     * @throws LogGapException where they may not be skipped
     */
    public Onward onward(StreamPosition position, Past past, Optional<LogGapException> met, BooleanSupplier stopped) {
        Optional<LogGap> gap;
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            LogGap.Log now = LogGap.Log.of(consumer, config.images().topic(), log);
            new PastCheck(
                            config.run().topics().steps(),
                            config.trainer().batchSize(),
                            now,
                            config.trainer().onGap() == OnGap.SKIP)
                    .require(position, positionLog, past);
            gap = LogGap.find(position, positionLog, past, now);
            if (gap.isEmpty()) {
                gap = met.map(gone -> gone.diverged().isEmpty()
                        ? new LogGap(gone.what(), now.nextOffsets(position))
                        : now.divergedFrom(position, gone.diverged()));
            }
        }
        positionLog = Optional.of(log);
        return gap.map(found -> skip(found, position, stopped)).orElseGet(() -> new Onward(position, past));
    }

    /**
     * A gap that training met and may skip, with the reason where it is the topic's own cleaning.
     *
     * @throws LogGapException the same, where it may not
     */
    public LogGapException toSkip(LogGapException met) {
        LogGapException explained = compacted && met.diverged().isEmpty()
                ? new LogGapException(met.what() + " The topic " + COMPACTED)
                : met;
        if (config.trainer().onGap() == OnGap.FAIL) {
            throw explained;
        }
        return explained;
    }

    /** Watches the broker, and that the topic images stays the log that it is; the caller closes it. */
    public BrokerWatch watch() {
        return new BrokerWatch(kafka, config.images().topic(), log, events);
    }

    /** Looks whether the topic images is one that Kafka compacts, and warns if it is. */
    public void warnIfCompacted() {
        String topic = config.images().topic();
        try (var topics = new TopicSetup(kafka)) {
            compacted = topics.isCompacted(topic);
        }
        if (compacted) {
            LOG.warn(
                    "{} {} Images that are gone before they are trained stop the run, or are skipped with trainer.on-gap=skip. To keep"
                            + " them, set cleanup.policy=delete on {}.",
                    topic,
                    COMPACTED,
                    topic);
        }
    }

    private Onward skip(LogGap gap, StreamPosition position, BooleanSupplier stopped) {
        if (config.trainer().onGap() == OnGap.FAIL) {
            throw new LogGapException(gap.what());
        }
        var skipped =
                new StreamSkipped(JournalEvent.SCHEMA, position.step(), gap.goOnAt(), log, gap.what(), clock.millis());
        Future<Long> durable = writer.append(skipped);
        while (!durable.isDone() && !stopped.getAsBoolean()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        writer.check();
        events.skipped(skipped);
        return new Onward(position.movedTo(gap.goOnAt()), Past.NONE);
    }
}
