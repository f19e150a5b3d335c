package org.millrace.evaluator.probe;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.evaluator.file.CheckedFile;

/** The probe set on disk: bounds of the set, next offset of each partition, images; a {@link CheckedFile}. */
final class ProbeFile {
    private static final long MAGIC = 0x4d52_5052_4f42_4532L; // MRPROBE2
    private static final long MAGIC_WITHOUT_TIMES = 0x4d52_5052_4f42_4531L; // MRPROBE1, of older writers

    private final CheckedFile file;
    private final CheckedFile older;

    ProbeFile(Path path) {
        this.file = new CheckedFile(path, MAGIC, "a probe set");
        this.older = new CheckedFile(path, MAGIC_WITHOUT_TIMES, "a probe set");
    }

    boolean exists() {
        return file.exists();
    }

    void write(Content content) throws IOException {
        file.write(out -> writeBody(content, out));
    }

    /** Throws {@link IOException} where the file cannot be read or is damaged. */
    Content read() throws IOException {
        return older.begins()
                ? older.read((in, length) -> readBody(in, length, false))
                : file.read((in, length) -> readBody(in, length, true));
    }

    private static void writeBody(Content content, DataOutputStream out) throws IOException {
        out.writeInt(content.capacity());
        out.writeInt(content.maxClasses());
        out.writeInt(content.nextOffsets().size());
        for (Map.Entry<Integer, Long> entry : content.nextOffsets().entrySet()) {
            out.writeInt(entry.getKey());
            out.writeLong(entry.getValue());
        }
        out.writeInt(content.images().size());
        for (ProbeImage image : content.images()) {
            CheckedFile.writeBytes(out, image.id().getBytes(StandardCharsets.ISO_8859_1));
            CheckedFile.writeBytes(out, image.label().getBytes(StandardCharsets.UTF_8));
            out.writeBoolean(image.half() == Half.TEST);
            out.writeLong(image.timeMillis());
            CheckedFile.writeBytes(out, image.file());
        }
    }

    private static Content readBody(DataInputStream in, long length, boolean withTimes) throws IOException {
        int capacity = in.readInt();
        int maxClasses = in.readInt();
        TreeMap<Integer, Long> nextOffsets = new TreeMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            int partition = in.readInt();
            nextOffsets.put(partition, in.readLong());
        }
        List<ProbeImage> images = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            String id = new String(CheckedFile.readBytes(in, length), StandardCharsets.ISO_8859_1);
            String label = new String(CheckedFile.readBytes(in, length), StandardCharsets.UTF_8);
            Half half = in.readBoolean() ? Half.TEST : Half.TRAIN;
            long timeMillis = withTimes ? in.readLong() : 0;
            images.add(new ProbeImage(id, label, Optional.of(half), timeMillis, CheckedFile.readBytes(in, length)));
        }
        return new Content(capacity, maxClasses, nextOffsets, images);
    }

    /**
     * What the file holds.
     *
     * @param capacity the set's bound when it was written
     * @param maxClasses the bound on classes when it was written
     * @param nextOffsets of each partition of the probe topic
     */
    record Content(int capacity, int maxClasses, Map<Integer, Long> nextOffsets, Collection<ProbeImage> images) {}
}
