package org.millrace.trainer.journal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.UnknownProducerIdException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RecordReader;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.kafka.KafkaSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of a run in one Kafka transaction after the other, under the run's transactional id. A transaction is tried again, by a new
 * producer where it must be, until it is known to be on the topics, once. Used by one thread.
 */
final class Transactions implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Transactions.class);
    private static final long RETRY_MILLIS = 500;
    private static final List<Class<? extends ApiException>> PASSING = List.of(
            RetriableException.class,
            ProducerFencedException.class,
            InvalidProducerEpochException.class,
            InvalidPidMappingException.class,
            InvalidTxnStateException.class,
            OutOfOrderSequenceException.class,
            UnknownProducerIdException.class,
            TransactionAbortableException.class,
            TransactionAbortedException.class);

    private final KafkaSettings kafka;
    private final RunTopics topics;
    private final Map<String, Object> needs;
    private final RunStarted claim;
    private Producer<byte[], byte[]> producer;
    private long journalEnd; // behind the newest record of the journal that is known to be there

    /** Records that readers see together; completes with the journal's offset behind them, 0 where none is the journal's. */
    record Parcel(List<ProducerRecord<byte[], byte[]>> records, CompletableFuture<Long> sent) {
        int bytes() {
            return records.stream()
                    .mapToInt(record -> record.value() == null ? 0 : record.value().length)
                    .sum();
        }
    }

    /** Shuts out the process that wrote under that id before. */
    Transactions(KafkaSettings kafka, RunTopics topics, int largestRecord, RunStarted claim) {
        this.kafka = kafka;
        this.topics = topics;
        this.needs = Map.of(
                "transactional.id",
                RunWriter.transactionalId(topics),
                "max.request.size",
                largestRecord,
                "buffer.memory",
                4L * largestRecord + (32 << 20));
        this.claim = claim;
        this.producer = connected();
    }

    /**
     * Writes these together, however long the broker is away; returns the journal's offset behind each.
     *
     * @throws UserException where another trainer has the run now, or the broker refuses the records
     */
    Map<Parcel, Long> write(List<Parcel> group) throws InterruptedException {
        Optional<Map<Parcel, Long>> sent = attempt(group);
        while (sent.isEmpty()) {
            sent = reconnect(group);
            if (sent.isEmpty()) {
                sent = attempt(group);
            }
        }
        Map<Parcel, Long> ends = sent.get();
        ends.values().forEach(end -> journalEnd = Math.max(journalEnd, end));
        return ends;
    }

    /** Aborts what is under way. */
    @Override
    public void close() {
        producer.close(Duration.ZERO);
    }

    // one transaction; empty where it is not known to have been committed
    private Optional<Map<Parcel, Long>> attempt(List<Parcel> group) {
        try {
            producer.beginTransaction();
            Map<Parcel, List<Future<RecordMetadata>>> sent = new HashMap<>();
            for (Parcel parcel : group) {
                List<Future<RecordMetadata>> records = new ArrayList<>();
                parcel.records().forEach(record -> records.add(producer.send(record)));
                sent.put(parcel, records);
            }
            commit();
            Map<Parcel, Long> ends = new HashMap<>();
            sent.forEach((parcel, records) -> ends.put(parcel, journalEnd(parcel, records)));
            return Optional.of(ends);
        } catch (InterruptException e) {
            throw e;
        } catch (KafkaException e) {
            if (!passes(e)) {
                throw refused(e);
            }
            log.debug("a transaction of {} is to be tried again", topics.run(), e);
            return Optional.empty();
        }
    }

    private void commit() {
        while (true) {
            try {
                producer.commitTransaction();
                return;
            } catch (TimeoutException e) {
                log.debug("commit not yet answered", e); // may be asked again, unlike all others
            }
        }
    }

    private long journalEnd(Parcel parcel, List<Future<RecordMetadata>> sent) {
        long end = 0;
        for (int i = 0; i < sent.size(); i++) {
            if (isJournal(parcel.records().get(i))) {
                end = Math.max(end, done(sent.get(i)).offset() + 1);
            }
        }
        return end;
    }

    private static RecordMetadata done(Future<RecordMetadata> sent) {
        try {
            return sent.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a transaction was committed without one of its records", e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    // a new producer under the same name; what the group is known to have come to, where the journal shows it
    private Optional<Map<Parcel, Long>> reconnect(List<Parcel> group) throws InterruptedException {
        while (true) {
            try {
                producer.close(Duration.ZERO);
                producer = connected();
                endWhatHangs();
                return found(group, tail());
            } catch (InterruptException e) {
                throw e;
            } catch (KafkaException e) {
                if (!passes(e)) {
                    throw refused(e);
                }
                log.debug("run {} cannot be taken back yet", topics.run(), e);
                Thread.sleep(RETRY_MILLIS);
            }
        }
    }

    private Producer<byte[], byte[]> connected() {
        Producer<byte[], byte[]> fresh = new KafkaProducer<>(kafka.producer(needs));
        try {
            fresh.initTransactions();
            return fresh;
        } catch (KafkaException e) {
            fresh.close(Duration.ZERO);
            if (!passes(e)) {
                throw refused(e);
            }
            throw e;
        }
    }

    // A lone broker that stops or starts may never write the end of a transaction whose commit it has answered
    // (KAFKA-20734): readers see nothing behind it. The next transaction under the same id ends it too.
    private void endWhatHangs() {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            if (new JournalReader(consumer, topics).end() >= journalEnd) {
                return;
            }
        }
        log.debug("{} can be read only up to before {}: the run is claimed once more", topics.steps(), journalEnd);
        var again = new Parcel(List.of(RunWriter.record(topics, claim)), new CompletableFuture<>());
        if (attempt(List.of(again)).isEmpty()) {
            throw new TimeoutException("the run could not be claimed once more");
        }
    }

    // what the journal holds behind the last record that is known to be there
    private List<ConsumerRecord<byte[], byte[]>> tail() {
        List<ConsumerRecord<byte[], byte[]>> tail = new ArrayList<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            new JournalReader(consumer, topics).forEachRecord(journalEnd, tail::add);
        }
        RecordReader<JournalEvent> events = RecordReader.ofJson(JournalEvent.class);
        for (ConsumerRecord<byte[], byte[]> record : tail) {
            if (events.read(record).orElse(null) instanceof RunStarted other
                    && !other.session().equals(claim.session())
                    && journalEnd > 0) {
                throw new UserException(
                        "run " + topics.run() + " was taken over by another trainer ("
                                + other.writer() + ", at " + Instant.ofEpochMilli(other.startedAtMillis())
                                + "): this one stops. Nothing that it has computed since was sent. A run has one trainer at a time.");
            }
        }
        return tail;
    }

    // a transaction is there as a whole or not at all, so one of its records shows which; a group without the journal
    // may
    // come twice
    private Optional<Map<Parcel, Long>> found(List<Parcel> group, List<ConsumerRecord<byte[], byte[]>> tail) {
        Map<Parcel, Long> ends = new HashMap<>();
        boolean any = false;
        for (Parcel parcel : group) {
            long end = 0;
            for (ProducerRecord<byte[], byte[]> record : parcel.records()) {
                for (ConsumerRecord<byte[], byte[]> there : tail) {
                    if (isJournal(record) && Arrays.equals(record.value(), there.value())) {
                        end = Math.max(end, there.offset() + 1);
                        any = true;
                    }
                }
            }
            ends.put(parcel, end);
        }
        return any ? Optional.of(ends) : Optional.empty();
    }

    private boolean isJournal(ProducerRecord<byte[], byte[]> record) {
        return record.topic().equals(topics.steps());
    }

    private UserException refused(KafkaException e) {
        Throwable cause = e;
        while (cause.getCause() instanceof KafkaException deeper) {
            cause = deeper;
        }
        return new UserException(
                "the broker at " + kafka.bootstrapServers() + " refuses the records of run " + topics.run() + ": "
                        + cause.getMessage() + " (" + cause.getClass().getSimpleName()
                        + "). A trainer writes in transactions under the id " + needs.get("transactional.id")
                        + ". The run goes on from its last checkpoint when it is started again.",
                e);
    }

    // the client's own exceptions report an earlier failure; what the broker answered decides, where it is known
    private static boolean passes(Throwable problem) {
        @Nullable Throwable answered = null;
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            answered = cause instanceof ApiException ? cause : answered;
        }
        @Nullable Throwable last = answered;
        return last == null || PASSING.stream().anyMatch(type -> type.isInstance(last));
    }
}
