package org.millrace.trainer.journal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.kafka.KafkaSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of a run's topics: plans before their steps, results after, encoders and rejects. A thread of its own sends what waits,
 * in order, in one Kafka transaction after the other; the run's name is the transactional id, so that a later trainer of the run shuts
 * an earlier one out, on whatever machine, and nothing of an unfinished transaction is ever read.
 *
 * <p>Trouble that passes (a broker down, slow, or another one leading) is waited for, however long: each transaction is tried again
 * until it is known to be on the topics, once. A producer loses its right to write also by being away for longer than a transaction may
 * last; whether another trainer has the run now, the newest {@link RunStarted} of the journal tells.
 *
 * <p>Thread safe; the owner closes it.
 */
public final class RunWriter implements Outbox, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RunWriter.class);
    private static final int GROUP_BYTES = 4 << 20;
    private static final long RETRY_MILLIS = 500;
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);
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
    private final BlockingQueue<Parcel> waiting = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::run, "millrace-send");
    private Producer<byte[], byte[]> producer; // of the thread, once that runs
    private long journalEnd; // behind the newest record of the journal that is known to be there
    private volatile boolean closing;
    private volatile @Nullable UserException failure;

    /** Records that readers see together; completes with the journal's offset behind them, 0 where none is the journal's. */
    private record Parcel(List<ProducerRecord<byte[], byte[]>> records, CompletableFuture<Long> sent) {
        int bytes() {
            return records.stream()
                    .mapToInt(record -> record.value() == null ? 0 : record.value().length)
                    .sum();
        }
    }

    private RunWriter(KafkaSettings kafka, RunTopics topics, int largestRecord, RunStarted claim) {
        this.kafka = kafka;
        this.topics = topics;
        this.needs = Map.of(
                "transactional.id", "millrace-" + topics.run(),
                "max.request.size", largestRecord,
                "buffer.memory", 4L * largestRecord + (32 << 20));
        this.claim = claim;
        this.producer = connected();
    }

    /**
     * Takes the run over: what an earlier writer has not finished is void, and it can write nothing more.
     *
     * @param largestRecord in bytes, with its frame
     * @throws UserException where the broker refuses it
     */
    public static RunWriter open(KafkaSettings kafka, RunTopics topics, int largestRecord, RunStarted claim) {
        RunWriter writer = new RunWriter(kafka, topics, largestRecord, claim);
        writer.thread.setDaemon(true);
        writer.thread.start();
        try {
            writer.append(claim).get();
        } catch (ExecutionException e) {
            writer.close();
            writer.check();
        } catch (InterruptedException e) {
            writer.close();
            Thread.currentThread().interrupt();
            throw new UserException("interrupted while the run was being opened", e);
        }
        return writer;
    }

    /** This machine and process, for people. */
    public static String thisProcess() {
        String process = "process " + ProcessHandle.current().pid();
        try {
            return process + " on " + InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return process;
        }
    }

    /** Appends an event to the journal; it is durable when the future completes, with the journal's offset behind it. */
    public Future<Long> append(JournalEvent event) {
        return enqueue(List.of(record(event)));
    }

    /** Appends an event to the journal that nobody waits for. */
    public void report(JournalEvent event) {
        send(List.of(record(event)));
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // check tells of a failure
    public void send(List<ProducerRecord<byte[], byte[]>> together) {
        enqueue(together);
    }

    /** Completes when all that was given before is durable. */
    public Future<Long> allSoFar() {
        return enqueue(List.of());
    }

    /** Throws what made the writer give up: another trainer has the run now, or the broker refuses it. */
    public void check() {
        UserException problem = failure;
        if (problem != null) {
            throw problem;
        }
    }

    /** Sends what waits where the broker takes it within seconds, and drops it where not. */
    @Override
    public void close() {
        closing = true;
        boolean interrupted = false;
        try {
            thread.join(LAST_WORDS.toMillis());
            while (thread.isAlive()) {
                thread.interrupt();
                thread.join(RETRY_MILLIS);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        producer.close(Duration.ZERO);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private ProducerRecord<byte[], byte[]> record(JournalEvent event) {
        byte[] key = String.valueOf(event.step()).getBytes(StandardCharsets.UTF_8);
        return new ProducerRecord<>(topics.steps(), key, Json.write(event));
    }

    private CompletableFuture<Long> enqueue(List<ProducerRecord<byte[], byte[]>> records) {
        Parcel parcel = new Parcel(records, new CompletableFuture<>());
        waiting.add(parcel);
        UserException problem = failure;
        if (problem != null) { // the thread is gone, or going: it may have missed this one
            parcel.sent().completeExceptionally(problem);
        }
        return parcel.sent();
    }

    private void run() {
        try {
            List<Parcel> group = take();
            while (!group.isEmpty()) {
                write(group);
                group = take();
            }
        } catch (RuntimeException | InterruptedException e) {
            giveUp(List.of(), inWords(e));
        }
    }

    private UserException inWords(Exception e) {
        if (e instanceof UserException known) {
            return known;
        }
        boolean dropped = e instanceof InterruptException || e instanceof InterruptedException;
        return new UserException(
                dropped
                        ? "the broker at " + kafka.bootstrapServers() + " does not answer: what waited to be sent was"
                                + " dropped. The run goes on from its last checkpoint when it is started again."
                        : "the records of run " + topics.run() + " cannot be sent: " + e,
                e);
    }

    // what waits, up to a size; waits for it, and is empty only when closing
    private List<Parcel> take() throws InterruptedException {
        List<Parcel> group = new ArrayList<>();
        Parcel next = waiting.poll(RETRY_MILLIS / 5, TimeUnit.MILLISECONDS);
        while (next == null && !closing) {
            next = waiting.poll(RETRY_MILLIS / 5, TimeUnit.MILLISECONDS);
        }
        int bytes = 0;
        while (next != null) {
            group.add(next);
            bytes += next.bytes();
            next = bytes < GROUP_BYTES ? waiting.poll() : null;
        }
        return group;
    }

    private void write(List<Parcel> group) throws InterruptedException {
        try {
            if (group.stream().allMatch(parcel -> parcel.records().isEmpty())) {
                group.forEach(parcel -> parcel.sent().complete(0L));
                return;
            }
            Optional<Map<Parcel, Long>> sent = attempt(group);
            while (sent.isEmpty()) {
                sent = reconnect(group);
                if (sent.isEmpty()) {
                    sent = attempt(group);
                }
            }
            sent.get().forEach((parcel, end) -> {
                journalEnd = Math.max(journalEnd, end);
                parcel.sent().complete(end);
            });
        } catch (RuntimeException | InterruptedException e) {
            giveUp(group, inWords(e));
            throw e;
        }
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

    // what the journal holds behind the last record that is known to be there
    private List<ConsumerRecord<byte[], byte[]>> tail() {
        List<ConsumerRecord<byte[], byte[]>> tail = new ArrayList<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka.consumer(Map.of()))) {
            new JournalReader(consumer, topics).forEachRecord(journalEnd, tail::add);
        }
        for (ConsumerRecord<byte[], byte[]> record : tail) {
            if (Json.read(record.value(), JournalEvent.class) instanceof RunStarted other
                    && !other.session().equals(claim.session())
                    && journalEnd > 0) {
                throw new UserException(
                        "run " + topics.run() + " was taken over by another trainer ("
                                + other.writer() + ", at " + Instant.ofEpochMilli(other.startedAtMillis())
                                + "): this one stops. Nothing that it computed since has left it. A run has one trainer at a time.");
            }
        }
        return tail;
    }

    // a transaction is there as a whole or not at all, so one of its records tells; a group without the journal may
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

    private void giveUp(List<Parcel> group, UserException problem) {
        if (failure == null) {
            failure = problem;
        }
        group.forEach(parcel -> parcel.sent().completeExceptionally(problem));
        List<Parcel> rest = new ArrayList<>();
        waiting.drainTo(rest);
        rest.forEach(parcel -> parcel.sent().completeExceptionally(problem));
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

    // the client's own exceptions tell of an earlier failure; what the broker answered decides, where it is known
    private static boolean passes(Throwable problem) {
        @Nullable Throwable answered = null;
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            answered = cause instanceof ApiException ? cause : answered;
        }
        @Nullable Throwable last = answered;
        return last == null || PASSING.stream().anyMatch(type -> type.isInstance(last));
    }
}
