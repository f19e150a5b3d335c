package org.millrace.ingest.watch;

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
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.millrace.contract.FileNames;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.ingest.gate.Judged;
import org.millrace.ingest.gate.Rejection;
import org.millrace.ingest.push.ImagePusher;
import org.millrace.ingest.source.EntryReader;
import org.millrace.ingest.source.FileReading;
import org.millrace.ingest.source.FolderSource;
import org.millrace.ingest.source.SourceEntry;
import org.millrace.ingest.source.SourceException;

/**
 * Pushes the files of a folder as they appear, each once: look → settle → judge → send with the memory of it → commit. Images
 * and memory are one transaction, so that a crash leaves both or neither; after any trouble with the broker it starts again from the
 * memory. A renamed file is not pushed again; a rewritten one is. Used by one thread.
 */
public final class FolderWatch implements AutoCloseable {
    private static final int COMMIT_MILLIS = 20_000;
    private static final int TRANSACTION_MILLIS = 60_000;
    /** What programs call a file while they write it. */
    private static final String UNFINISHED = ".*(\\.part|\\.partial|\\.tmp|\\.crdownload|\\.download|\\.filepart|~)";

    private final WatchRequest request;
    private final ImagesConfig images;
    private final Listener listener;
    private final WatchTransaction transaction;
    private final LongSupplier nanoTime;
    private final FolderSource source;
    private final Producer<byte[], byte[]> producer;
    private final WatchMemory memory;
    private final SettlingFiles settling;
    private final Set<String> reportedUnreadable = new HashSet<>();
    private boolean unsettled;

    /** Receives what was pushed, on the watching thread. */
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
            LongSupplier nanoTime,
            Producer<byte[], byte[]> producer,
            WatchMemory memory) {
        this.request = request;
        this.images = images;
        this.listener = listener;
        this.nanoTime = nanoTime;
        this.producer = producer;
        this.memory = memory;
        this.transaction = new WatchTransaction(producer, images, request, memory, listener);
        this.source = new FolderSource(new SourceEntry.SourceName(
                FileNames.text(request.folder()),
                FileNames.name(request.folder().toAbsolutePath().normalize())));
        this.settling = new SettlingFiles(request.settle().toNanos());
    }

    /**
     * Takes the watch over from its former holder, and reads what that pushed. The topics must exist. The caller closes it, and opens
     * another after a {@link KafkaException}.
     */
    public static FolderWatch open(WatchRequest request, KafkaSettings kafka, ImagesConfig images, Listener listener) {
        Map<String, Object> needs = new HashMap<>(ImagePusher.producerNeeds(images));
        needs.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, request.transactionalId(images.topic()));
        needs.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_MILLIS);
        needs.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, COMMIT_MILLIS);
        Producer<byte[], byte[]> producer = new KafkaProducer<>(kafka.producer(needs));
        WatchMemory memory = new WatchMemory(images.watchedTopic(), request.name());
        try {
            // before the memory is read: it commits or aborts what a killed watch left open
            producer.initTransactions();
            try (Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(kafka.consumer(Map.of()))) {
                memory.read(consumer);
            }
            return new FolderWatch(request, images, listener, System::nanoTime, producer, memory);
        } catch (KafkaException | UserException e) {
            producer.close(java.time.Duration.ZERO);
            throw e;
        }
    }

    /**
     * Goes through the folder once, and pushes the files that are new and settled.
     *
     * @return whether some have yet to settle, so that another look is due soon
     * @throws KafkaException if the broker is in trouble: close this and open another
     * @throws UserException if the folder cannot be read, or another process watches it now
     */
    public boolean look() throws InterruptedException {
        try {
            unsettled = false;
            Set<String> there = new HashSet<>();
            List<SettledFile> settled = new ArrayList<>();
            try (EntryReader walk = source.open()) {
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
        boolean interrupted = Thread.interrupted(); // or else the close would be cut short
        producer.close(java.time.Duration.ofSeconds(2));
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<SettledFile> settled(SourceEntry entry) {
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
            if (settling.isSettled(name, now, nanoTime.getAsLong())) {
                return Optional.of(new SettledFile(entry, now));
            }
            unsettled = true;
            return Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // it is gone, or comes with the next look
        }
    }

    private Path fileOf(String name) {
        return FileNames.path(source.path() + "/" + name);
    }

    private void push(List<SettledFile> settled) throws IOException {
        for (SettledFile file : settled) {
            Judged judged = Judged.of(file.entry(), images);
            if (judged.verdict() instanceof Rejection rejection && rejection.kind() == Rejection.Kind.UNREADABLE) {
                settling.forget(file.name());
                if (reportedUnreadable.add(file.name())) {
                    listener.unreadable(file.entry().origin().position(), rejection.reason());
                }
            } else if (file.differsFrom(judged.content())) {
                unsettled = true;
            } else {
                settling.forget(file.name());
                var remembered = WatchMemory.Remembered.of(file, judged.content());
                transaction.add(file, judged, remembered, isPushed(file.name(), remembered));
            }
        }
        transaction.commit();
    }

    /** Whether the same bytes were pushed: under this name before, or under another that is gone, with the same time. */
    private boolean isPushed(String file, WatchMemory.Remembered now) {
        if (memory.of(file).filter(then -> then.sha256().equals(now.sha256())).isPresent()) {
            return true;
        }
        return memory.namesOf(now.sha256()).stream()
                .filter(name -> !Files.exists(fileOf(name)))
                .flatMap(name -> memory.of(name).stream())
                .anyMatch(then -> then.modifiedMillis() == now.modifiedMillis());
    }
}
