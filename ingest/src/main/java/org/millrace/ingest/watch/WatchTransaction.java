package org.millrace.ingest.watch;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.Producer;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.gate.Judged;
import org.millrace.ingest.label.Labeller;
import org.millrace.ingest.push.ImageRecords;
import org.millrace.ingest.push.PushRequest;

/** Images of a folder and the memory of them, committed together, one transaction after the other. Not thread safe. */
final class WatchTransaction {
    private static final int MOST_FILES = 500;
    private static final long MOST_BYTES = 32L << 20;

    private final Producer<byte[], byte[]> producer;
    private final ImagesConfig images;
    private final PushRequest.Target target;
    private final Labeller labeller;
    private final WatchMemory memory;
    private final FolderWatch.Listener listener;
    private final Map<String, WatchMemory.Remembered> files = new HashMap<>();
    private long pushed;
    private long rejected;
    private long bytes;

    WatchTransaction(
            Producer<byte[], byte[]> producer,
            ImagesConfig images,
            WatchRequest request,
            WatchMemory memory,
            FolderWatch.Listener listener) {
        this.producer = producer;
        this.images = images;
        this.target = request.target();
        this.labeller = Labeller.of(request.labels());
        this.memory = memory;
        this.listener = listener;
    }

    /** Sends the file, unless the same bytes were pushed before, and what to remember of it; commits once enough have come. */
    @SuppressWarnings("FutureReturnValueIgnored") // the commit fails with it
    void add(SettledFile file, Judged judged, WatchMemory.Remembered remembered, boolean isPushed) throws IOException {
        if (files.isEmpty()) {
            producer.beginTransaction();
        }
        if (!isPushed) {
            send(file, judged);
        }
        producer.send(memory.record(file.name(), remembered));
        files.put(file.name(), remembered);
        bytes += judged.content().bytes().length;
        if (files.size() >= MOST_FILES || bytes >= MOST_BYTES) {
            commit();
        }
    }

    /** Commits what was added since the last commit, if anything. */
    void commit() {
        if (!files.isEmpty()) {
            producer.commitTransaction(); // fails where one of its records did
            files.forEach(memory::remember);
            files.clear();
            listener.pushed(pushed, rejected);
            pushed = 0;
            rejected = 0;
            bytes = 0;
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the commit fails with it
    private void send(SettledFile file, Judged read) throws IOException {
        Optional<String> label = labeller.labelOf(file.entry());
        Judged judged = target.judge(read, label);
        var about = ImageRecords.About.of(file.entry(), label, PushRequest.Split.BY_HASH);
        producer.send(ImageRecords.of(images, target, about, judged));
        if (judged.isAccepted()) {
            pushed++;
        } else {
            rejected++;
        }
    }
}
