package org.millrace.ingest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.millrace.contract.FileNames;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.kafka.KafkaSettings;

/**
 * Pushes the files of a folder as they appear, each once: look → settle → judge → send with what is to be remembered → commit. Images
 * and memory are one transaction, so that a crash leaves both or neither; after any trouble with the broker it begins again from the
 * memory, as after a start. A file that was renamed is not pushed again; one that was rewritten is. Used by one thread.
 */
public final class FolderWatch implements AutoCloseable {
    private static final int TRANSACTION_FILES = 500;
    private static final long TRANSACTION_BYTES = 32L << 20;
    private static final int COMMIT_MILLIS = 20_000;
    private static final int TRANSACTION_MILLIS = 60_000;
    /** What programs call a file while they write it. */
    private static final String UNFINISHED = ".*(\\.part|\\.partial|\\.tmp|\\.crdownload|\\.download|\\.filepart|~)";

    private final WatchRequest request;
    private final ImagesConfig images;
    private final Listener listener;
    private final PushTime time;
    private final SourceEntry.SourceName sourceName;
    private final Labeller labeller;
    private final Producer<byte[], byte[]> producer;
    private final WatchMemory memory;
    private final SettlingFiles settling;
    private final Set<String> saidUnreadable = new HashSet<>();
    private boolean unsettled;

    /** Hears what was pushed; called on the watching thread. */
    public interface Listener {
        /** After a transaction that is in the log. */
        void pushed(long images, long rejected);

        /** A file that cannot be read, reported once. */
        void unreadable(String position, String reason);
    }

    private FolderWatch(
            WatchRequest request,
            ImagesConfig images,
            Listener listener,
            PushTime time,
            Producer<byte[], byte[]> producer,
            WatchMemory memory) {
        this.request = request;
        this.images = images;
        this.listener = listener;
        this.time = time;
        this.producer = producer;
        this.memory = memory;
        this.labeller = Labeller.of(request.labels());
        this.sourceName = new SourceEntry.SourceName(
                FileNames.text(request.folder()),
                FileNames.name(request.folder().toAbsolutePath().normalize()));
        this.settling = new SettlingFiles(request.settle().toNanos());
    }

    /**
     * Takes over the watch from its former holder, and reads what it has pushed. The topics must be there. The caller closes it, and opens
     * another after a {@link KafkaException}.
     */
    public static FolderWatch open(WatchRequest request, KafkaSettings kafka, ImagesConfig images, Listener listener) {
        return open(request, kafka, images, listener, PushTime.SYSTEM);
    }

    static FolderWatch open(
            WatchRequest request, KafkaSettings kafka, ImagesConfig images, Listener listener, PushTime time) {
        Map<String, Object> needs = new HashMap<>(ImagePusher.producerNeeds(images));
        needs.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, request.transactionalId(images.topic()));
        needs.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_MILLIS);
        needs.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, COMMIT_MILLIS);
        Producer<byte[], byte[]> producer = new KafkaProducer<>(kafka.producer(needs));
        WatchMemory memory = new WatchMemory(images.watchedTopic(), request.name());
        try {
            producer.initTransactions(); // before the memory is read: what a killed watch left open is decided then
            try (Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(kafka.consumer(Map.of()))) {
                memory.read(consumer);
            }
            return new FolderWatch(request, images, listener, time, producer, memory);
        } catch (KafkaException | UserException e) {
            producer.close(java.time.Duration.ZERO);
            throw e;
        }
    }

    /**
     * Looks at every file once, and pushes those that are new and have settled.
     *
     * @return whether some have yet to settle, so that another look is due soon
     * @throws KafkaException if the broker is in trouble: close this and open another
     * @throws UserException if the folder cannot be read, or another process watches it now
     */
    public boolean look() throws InterruptedException {
        try {
            unsettled = false;
            Set<String> there = new HashSet<>();
            List<Settled> settled = new ArrayList<>();
            try (FolderWalk walk = new FolderWalk(sourceName, request.folder())) {
                for (Optional<SourceEntry> next = walk.next(); next.isPresent(); next = walk.next()) {
                    if (Thread.currentThread().isInterrupted()) {
                        throw new InterruptedException();
                    }
                    String name = next.get().origin().name();
                    there.add(name);
                    settled(next.get()).ifPresent(settled::add);
                }
            }
            settling.keepOnly(there);
            push(settled);
            return unsettled;
        } catch (ProducerFencedException | InvalidProducerEpochException e) {
            throw new UserException(
                    "watch: another process has taken over the watch '" + request.name()
                            + "'. Watch a folder from one process; give another folder of that path another name with --name.",
                    e);
        } catch (InterruptException e) {
            throw new InterruptedException();
        } catch (IOException e) {
            String what = e instanceof SourceException ? String.valueOf(e.getMessage()) : FileReading.why(e);
            throw new UserException(what.replaceFirst("^push", "watch"), e);
        }
    }

    @Override
    public void close() {
        boolean interrupted = Thread.interrupted(); // it would cut the close short
        producer.close(java.time.Duration.ofSeconds(2));
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A file that is to be read. */
    private record Settled(SourceEntry entry, BasicFileAttributes attributes) {
        String name() {
            return entry.origin().name();
        }

        long modifiedMillis() {
            return attributes.lastModifiedTime().toMillis();
        }
    }

    private Optional<Settled> settled(SourceEntry entry) {
        String name = entry.origin().name();
        if (name.matches(UNFINISHED)) {
            return Optional.empty();
        }
        try {
            BasicFileAttributes now = Files.readAttributes(fileOf(name), BasicFileAttributes.class);
            boolean known = memory.of(name)
                    .filter(then -> then.bytes() == now.size()
                            && then.modifiedMillis() == now.lastModifiedTime().toMillis())
                    .isPresent();
            if (known || !now.isRegularFile()) {
                return Optional.empty();
            }
            if (settling.isSettled(name, now, time.nanoTime())) {
                return Optional.of(new Settled(entry, now));
            }
            unsettled = true;
            return Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // it is gone again, or comes back with the next look
        }
    }

    private Path fileOf(String name) {
        return FileNames.path(sourceName.path() + "/" + name);
    }

    private void push(List<Settled> settled) throws IOException {
        Transaction transaction = new Transaction();
        for (Settled file : settled) {
            Judged judged = Judged.of(file.entry(), images);
            boolean unreadable =
                    judged.verdict() instanceof Rejection rejection && rejection.kind() == Rejection.Kind.UNREADABLE;
            if (!unreadable
                    && judged.content().sizeKnown()
                    && judged.content().size() != file.attributes().size()) {
                unsettled = true; // it is being written after all
                continue;
            }
            settling.forget(file.name());
            if (unreadable) {
                if (saidUnreadable.add(file.name())) {
                    listener.unreadable(file.entry().origin().position(), ((Rejection) judged.verdict()).reason());
                }
                continue;
            }
            transaction.add(file, judged);
            if (transaction.isFull()) {
                transaction.commit();
                transaction = new Transaction();
            }
        }
        transaction.commit();
    }

    /** Some files with what is to be remembered of them. */
    private final class Transaction {
        private final Map<String, WatchMemory.Remembered> files = new HashMap<>();
        private long pushed;
        private long rejected;
        private long bytes;

        @SuppressWarnings("FutureReturnValueIgnored") // the commit fails with it
        void add(Settled file, Judged judged) throws IOException {
            if (files.isEmpty()) {
                producer.beginTransaction();
            }
            var remembered = new WatchMemory.Remembered(
                    WatchMemory.Remembered.SCHEMA,
                    file.attributes().size(),
                    file.modifiedMillis(),
                    Sha256.of(judged.content().bytes()));
            if (!isPushedAlready(file, remembered)) {
                send(file.entry(), judged);
            }
            producer.send(memory.record(file.name(), remembered));
            files.put(file.name(), remembered);
            bytes += judged.content().bytes().length;
        }

        boolean isFull() {
            return files.size() >= TRANSACTION_FILES || bytes >= TRANSACTION_BYTES;
        }

        void commit() {
            if (!files.isEmpty()) {
                producer.commitTransaction(); // fails where one of its records did
                files.forEach(memory::remember);
                listener.pushed(pushed, rejected);
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // the commit fails with it
        private void send(SourceEntry entry, Judged judged) throws IOException {
            Optional<String> label = labeller.labelOf(entry);
            var about = new ImageRecords.About(
                    entry.origin().id(),
                    Optional.of(entry.origin().source()),
                    label,
                    Optional.ofNullable(entry.modified()).map(java.time.Instant::toString),
                    Optional.empty(),
                    entry.origin().position());
            Verdict verdict = judged.verdict();
            if (verdict instanceof Accepted && label.isEmpty() && request.target() == PushRequest.Target.PROBE) {
                verdict = Rejection.noLabel();
            }
            ProducerRecord<byte[], byte[]> record;
            if (verdict instanceof Rejection rejection) {
                record = ImageRecords.reject(images.rejectedTopic(), about, rejection, judged.content());
                rejected++;
            } else {
                record = ImageRecords.image(
                        request.target().topic(images),
                        about,
                        (Accepted) verdict,
                        judged.content().bytes());
                pushed++;
            }
            producer.send(record);
        }
    }

    /** Whether the same bytes were pushed: under this name before, or under another that is gone, with the same time. */
    private boolean isPushedAlready(Settled file, WatchMemory.Remembered now) {
        if (memory.of(file.name())
                .filter(then -> then.sha256().equals(now.sha256()))
                .isPresent()) {
            return true;
        }
        return memory.namesOf(now.sha256()).stream()
                .filter(name -> !Files.exists(fileOf(name)))
                .flatMap(name -> memory.of(name).stream())
                .anyMatch(then -> then.modifiedMillis() == now.modifiedMillis());
    }
}
