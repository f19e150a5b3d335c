package org.millrace.trainer.stream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.PrivateFolder;

/**
 * Which images of the log are being decoded, one a worker, in a small file mapped into memory: it costs no call of the system, and
 * outlives the process however that ends. An image that a process ended on is a suspect until it has been decoded, through any number of
 * starts. Thread safe, where each worker is one thread.
 */
final class DecodeMarker {
    // an entry: the workers' first, then the suspects. Releases with one worker read and write the first entry alone
    private static final int PARTITION =
            0; // and one while in a worker's hand; that negative of a suspect; 0 where there is none
    private static final int OFFSET = 8;
    private static final int DEATHS = 16; // processes that ended before this one with the image in hand
    private static final int ENTRY_BYTES = 24;

    private final MappedByteBuffer file;
    private final Map<ImageOffset, Suspect> suspects = new ConcurrentHashMap<>();

    private record Suspect(int entry, long deaths) {}

    private DecodeMarker(MappedByteBuffer file, int workers, Map<ImageOffset, Long> deaths) {
        this.file = file;
        int entry = workers;
        for (Map.Entry<ImageOffset, Long> suspect : deaths.entrySet()) {
            put(entry, suspect.getKey(), -1, suspect.getValue());
            suspects.put(suspect.getKey(), new Suspect(entry++, suspect.getValue()));
        }
        for (int other = 0; other < file.capacity() / ENTRY_BYTES; other++) {
            if (other < workers || other >= entry) {
                clear(other);
            }
        }
    }

    /** Opens the marker, made if missing, in a folder that may be missing too. */
    static DecodeMarker open(Path path, int workers) {
        try {
            PrivateFolder.make(Objects.requireNonNull(path.toAbsolutePath().getParent()));
            ByteBuffer former = ByteBuffer.wrap(Files.exists(path) ? Files.readAllBytes(path) : new byte[0]);
            Map<ImageOffset, Long> deaths = deaths(former);
            int bytes = Math.max(former.capacity(), (workers + deaths.size()) * ENTRY_BYTES);
            try (FileChannel channel = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                return new DecodeMarker(channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes), workers, deaths);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<ImageOffset, Long> deaths(ByteBuffer former) {
        Map<ImageOffset, Long> deaths = new LinkedHashMap<>();
        for (int at = 0; at + ENTRY_BYTES <= former.capacity(); at += ENTRY_BYTES) {
            long partition = former.getLong(at + PARTITION);
            if (partition != 0) {
                long before = former.getLong(at + DEATHS) + (partition > 0 ? 1 : 0);
                ImageOffset image = new ImageOffset((int) Math.abs(partition) - 1, former.getLong(at + OFFSET));
                deaths.merge(image, before, Math::max);
            }
        }
        return deaths;
    }

    /** How many processes ended with the suspect in hand; empty where the image is none. */
    Optional<Long> deaths(ImageOffset at) {
        return Optional.ofNullable(suspects.get(at)).map(Suspect::deaths);
    }

    void begin(int worker, ImageOffset at) {
        put(worker, at, 1, deaths(at).orElse(0L));
        acquit(at);
    }

    void end(int worker) {
        clear(worker);
    }

    /** The image is no longer a suspect. */
    void acquit(ImageOffset at) {
        Suspect suspect = suspects.remove(at);
        if (suspect != null) {
            clear(suspect.entry());
        }
    }

    private void put(int entry, ImageOffset at, int sign, long deaths) {
        int from = entry * ENTRY_BYTES;
        file.putLong(from + OFFSET, at.offset());
        file.putLong(from + DEATHS, deaths);
        file.putLong(from + PARTITION, sign * (at.partition() + 1L));
    }

    private void clear(int entry) {
        file.putLong(entry * ENTRY_BYTES + PARTITION, 0);
    }
}
