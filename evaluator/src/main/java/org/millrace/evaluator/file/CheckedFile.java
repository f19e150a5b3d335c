package org.millrace.evaluator.file;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.millrace.contract.PrivateFolder;

/**
 * A file with a magic number before its body and the CRC-32C of both behind. Written aside, flushed and renamed: a reader finds the old
 * file or the new one, never half of one.
 */
public final class CheckedFile {
    private final Path path;
    private final long magic;
    private final String kind;

    /** @param kind what it is, for messages: "a probe set" */
    public CheckedFile(Path path, long magic, String kind) {
        this.path = path;
        this.magic = magic;
        this.kind = kind;
    }

    /** Writes the body. */
    @FunctionalInterface
    public interface Writer {
        void writeTo(DataOutputStream out) throws IOException;
    }

    /** Reads the body. */
    @FunctionalInterface
    public interface Reader<T> {
        /** @param fileLength which no field's length can exceed */
        T readFrom(DataInputStream in, long fileLength) throws IOException;
    }

    public boolean exists() {
        return Files.exists(path);
    }

    /** Whether its first bytes are the magic number. */
    public boolean begins() throws IOException {
        try (DataInputStream in = new DataInputStream(Files.newInputStream(path))) {
            return in.readLong() == magic;
        } catch (EOFException e) {
            return false;
        }
    }

    /** Writes the file; it is on disk on return. */
    public void write(Writer body) throws IOException {
        Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent());
        Path aside = path.resolveSibling(path.getFileName() + ".new");
        PrivateFolder.make(folder);
        try (FileOutputStream file = new FileOutputStream(aside.toFile())) { // a channel would not survive an interrupt
            CheckedOutputStream checked = new CheckedOutputStream(file, new CRC32C());
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(checked, 1 << 16));
            out.writeLong(magic);
            body.writeTo(out);
            out.flush();
            out.writeLong(checked.getChecksum().getValue());
            out.flush();
            file.getFD().sync();
        }
        Files.move(aside, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        } catch (ClosedByInterruptException e) {
            return; // renamed already; the interrupt stays set for the caller
        }
    }

    /** Throws {@link IOException} where the file cannot be read or is damaged. */
    public <T> T read(Reader<T> body) throws IOException {
        long length = Files.size(path);
        CheckedInputStream checked =
                new CheckedInputStream(new BufferedInputStream(Files.newInputStream(path), 1 << 16), new CRC32C());
        try (DataInputStream in = new DataInputStream(checked)) {
            if (in.readLong() != magic) {
                throw new IOException("it does not begin as " + kind + " does");
            }
            T content = body.readFrom(in, length);
            long computed = checked.getChecksum().getValue();
            if (in.readLong() != computed || in.read() != -1) {
                throw new IOException("its checksum does not match");
            }
            return content;
        } catch (EOFException e) {
            throw new IOException("it ends early", e);
        }
    }

    /** Writes the length, then the bytes. */
    public static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /** Reads what {@link #writeBytes} wrote. */
    public static byte[] readBytes(DataInputStream in, long fileLength) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > fileLength) {
            throw new IOException("it claims a field of " + length + " bytes");
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return bytes;
    }
}
