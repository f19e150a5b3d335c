package org.millrace.evaluator.probe;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * The probe set on disk: magic, bounds of the set, next offset of each partition, images, CRC-32C of all that. Written aside,
 * flushed and renamed: a reader finds the old file or the new one, never half of one.
 */
final class ProbeFile {
    private static final long MAGIC = 0x4d52_5052_4f42_4531L; // MRPROBE1

    private final Path path;

    ProbeFile(Path path) {
        this.path = path;
    }

    boolean exists() {
        return Files.exists(path);
    }

    void write(Content content) throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        Path aside = path.resolveSibling(path.getFileName() + ".new");
        Files.createDirectories(folder);
        try (FileOutputStream file = new FileOutputStream(aside.toFile())) { // a channel would not survive an interrupt
            CheckedOutputStream checked = new CheckedOutputStream(file, new CRC32C());
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(checked, 1 << 16));
            writeBody(content, out);
            out.flush();
            out.writeLong(checked.getChecksum().getValue());
            out.flush();
            file.getFD().sync();
        }
        Files.move(aside, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        } catch (ClosedByInterruptException e) {
            return; // renamed already; the interrupt stays set for whoever waits for it
        }
    }

    /** Throws {@link IOException} where the file cannot be read or is damaged. */
    Content read() throws IOException {
        long length = Files.size(path);
        CheckedInputStream checked =
                new CheckedInputStream(new BufferedInputStream(Files.newInputStream(path), 1 << 16), new CRC32C());
        try (DataInputStream in = new DataInputStream(checked)) {
            Content content = readBody(in, length);
            long computed = checked.getChecksum().getValue();
            if (in.readLong() != computed || in.read() != -1) {
                throw new IOException("its checksum does not match");
            }
            return content;
        } catch (EOFException e) {
            throw new IOException("it ends early", e);
        }
    }

    private static void writeBody(Content content, DataOutputStream out) throws IOException {
        out.writeLong(MAGIC);
        out.writeInt(content.capacity());
        out.writeInt(content.maxClasses());
        out.writeInt(content.nextOffsets().size());
        for (Map.Entry<Integer, Long> entry : content.nextOffsets().entrySet()) {
            out.writeInt(entry.getKey());
            out.writeLong(entry.getValue());
        }
        out.writeInt(content.images().size());
        for (ProbeImage image : content.images()) {
            writeBytes(out, image.id().getBytes(StandardCharsets.ISO_8859_1));
            writeBytes(out, image.label().getBytes(StandardCharsets.UTF_8));
            out.writeBoolean(image.half() == Half.TEST);
            writeBytes(out, image.file());
        }
    }

    private static Content readBody(DataInputStream in, long length) throws IOException {
        if (in.readLong() != MAGIC) {
            throw new IOException("it does not begin as a probe set does");
        }
        int capacity = in.readInt();
        int maxClasses = in.readInt();
        TreeMap<Integer, Long> nextOffsets = new TreeMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            int partition = in.readInt();
            nextOffsets.put(partition, in.readLong());
        }
        List<ProbeImage> images = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            String id = new String(readBytes(in, length), StandardCharsets.ISO_8859_1);
            String label = new String(readBytes(in, length), StandardCharsets.UTF_8);
            Half half = in.readBoolean() ? Half.TEST : Half.TRAIN;
            images.add(new ProbeImage(id, label, Optional.of(half), readBytes(in, length)));
        }
        return new Content(capacity, maxClasses, nextOffsets, images);
    }

    private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] readBytes(DataInputStream in, long fileLength) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > fileLength) {
            throw new IOException("it claims a field of " + length + " bytes");
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return bytes;
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
