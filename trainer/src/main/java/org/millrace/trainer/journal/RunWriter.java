package org.millrace.trainer.journal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.journal.Transactions.Parcel;

/**
 * The one writer of a run's topics: plans before their steps, results after, encoders and rejects. A thread of its own sends what waits,
 * in order, in one Kafka transaction after the other; the run's name is the transactional id, so that a later trainer of the run shuts
 * an earlier one out, on whatever machine, and nothing of an unfinished transaction is ever read.
 *
 * <p>Trouble that passes (a broker down, slow, or another one leading) is waited for, however long: each transaction is tried again
 * until it is known to be on the topics, once. A producer loses its right to write also by being away for longer than a transaction may
 * last; the newest {@link RunStarted} of the journal shows whether another trainer has the run now.
 *
 * <p>Thread safe; the owner closes it.
 */
public final class RunWriter implements Outbox, AutoCloseable {
    private static final int GROUP_BYTES = 4 << 20;
    private static final long RETRY_MILLIS = 500;
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);
    private final KafkaSettings kafka;
    private final RunTopics topics;
    private final BlockingQueue<Parcel> waiting = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::run, "millrace-send");
    private final Transactions transactions; // of the thread, once that runs
    private volatile boolean closing;
    private volatile @Nullable UserException failure;

    private RunWriter(KafkaSettings kafka, RunTopics topics, int largestRecord, RunStarted claim) {
        this.kafka = kafka;
        this.topics = topics;
        this.transactions = new Transactions(kafka, topics, largestRecord, claim);
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

    /** The id under which the one writer of a run has its transactions. */
    public static String transactionalId(RunTopics run) {
        return "millrace-" + run.run();
    }

    /** This process and machine, for messages. */
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
        return enqueue(List.of(record(topics, event)));
    }

    /** Appends events to the journal, all or none; they are durable when the future completes. */
    public Future<Long> append(List<? extends JournalEvent> together) {
        return enqueue(together.stream().map(event -> record(topics, event)).toList());
    }

    /** Appends an event to the journal without waiting for it. */
    public void report(JournalEvent event) {
        send(List.of(record(topics, event)));
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // check() throws a failure
    public void send(List<ProducerRecord<byte[], byte[]>> together) {
        enqueue(together);
    }

    /** Completes when all that was given before is durable. */
    public Future<Long> allSoFar() {
        return enqueue(List.of());
    }

    /** Waits until readers see journal and encoders to the end of what is durable, or until {@code enough}. */
    public void awaitReadable(BooleanSupplier enough) {
        new ReadableEnds(kafka, List.of(topics.steps(), topics.encoders())).await(enough);
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
        transactions.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    static ProducerRecord<byte[], byte[]> record(RunTopics topics, JournalEvent event) {
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
        } catch (RuntimeException | InterruptedException | Error e) { // the futures must complete
            giveUp(List.of(), inWords(e));
        }
    }

    private UserException inWords(Throwable e) {
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
            transactions.write(group).forEach((parcel, end) -> parcel.sent().complete(end));
        } catch (RuntimeException | InterruptedException | Error e) {
            giveUp(group, inWords(e));
            throw e;
        }
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
}
