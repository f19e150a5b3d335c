package org.millrace.trainer.stream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.PrivateFolder;

/**
 * Which image of the log is being decoded, in a small file mapped into memory: it costs no call of the system, and outlives the process
 * however that ends. Not thread safe.
 */
final class DecodeMarker {
    private static final int PARTITION = 0; // and one, 0 where nothing is being decoded
    private static final int OFFSET = 8;
    private static final int DEATHS = 16;
    private static final int BYTES = 24;

    private final MappedByteBuffer file;
    private final Optional<ImageOffset> suspect;

    private DecodeMarker(MappedByteBuffer file) {
        this.file = file;
        long partition = file.getLong(PARTITION) - 1;
        this.suspect =
                partition < 0 ? Optional.empty() : Optional.of(new ImageOffset((int) partition, file.getLong(OFFSET)));
        file.putLong(DEATHS, suspect.isPresent() ? file.getLong(DEATHS) + 1 : 0);
    }

    /** Opens the marker, made if missing, in a folder that may be missing too. */
    static DecodeMarker open(Path path) {
        try {
            PrivateFolder.make(Objects.requireNonNull(path.toAbsolutePath().getParent()));
            try (FileChannel channel = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                return new DecodeMarker(channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The image that the process before was decoding when it ended. */
    Optional<ImageOffset> suspect() {
        return suspect;
    }

    /** How many processes in a row ended while they decoded the suspect. */
    long deaths() {
        return file.getLong(DEATHS);
    }

    void begin(ImageOffset at) {
        file.putLong(OFFSET, at.offset());
        file.putLong(PARTITION, at.partition() + 1L);
    }

    void end() {
        file.putLong(PARTITION, 0);
    }
}
