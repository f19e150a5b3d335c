package org.millrace.contract;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;

/** A file that a command makes: written beside it under a name that only this process uses, and renamed when it is whole. */
public final class OutFile {
    private OutFile() {}

    /**
     * Throws {@link UserException} unless the files can be made: in a folder that is there, in the place of nothing, or of plain files if
     * they may be overwritten. Devices and links are never replaced.
     */
    public static void require(List<Path> files, boolean overwrite) {
        for (Path file : files) {
            Path folder = file.toAbsolutePath().getParent();
            if (file.toString().isBlank() || file.getFileName() == null || folder == null) {
                throw new UserException("--out must be the name of a file, but was '" + file + "'");
            }
            if (!Files.isDirectory(folder)) {
                throw new UserException(
                        "--out is " + file + ", but there is no folder " + folder + ". Create it first.");
            }
            if (!Files.isWritable(folder)) {
                throw new UserException("--out is " + file + ", but the folder " + folder + " is not writable");
            }
            requirePlain("--out", file);
        }
        List<Path> present = files.stream().filter(Files::exists).toList();
        if (!present.isEmpty() && !overwrite) {
            throw new UserException(present.stream().map(Path::toString).collect(Collectors.joining(" and "))
                    + (present.size() == 1 ? " exists" : " exist")
                    + " already. Choose another --out, or overwrite with --force.");
        }
    }

    /** Throws {@link UserException} if the file exists and is something else, such as a device or a link, whose place a new file would take. */
    public static void requirePlain(String option, Path file) {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new UserException(option + " wants the name of a plain file, but " + file + " is a " + kind(file)
                    + ". Choose another name.");
        }
    }

    /** Writes the file, replacing an existing one; throws {@link UserException} where it cannot. */
    public static void write(Path file, byte[] bytes) {
        try {
            try (var channel = FileChannel.open(
                    aside(file),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                ByteBuffer left = ByteBuffer.wrap(bytes);
                while (left.hasRemaining()) {
                    channel.write(left);
                }
                channel.force(true);
            }
            rename(file);
        } catch (IOException e) {
            throw refused(file, e);
        } finally {
            remove(file);
        }
    }

    /** The name under which this process writes the file until it is whole. */
    public static Path aside(Path file) {
        return file.resolveSibling(
                "." + file.getFileName() + "." + ProcessHandle.current().pid() + ".unfinished");
    }

    /** Gives the whole file its name, replacing an existing one. */
    public static void rename(Path file) throws IOException {
        Files.move(aside(file), file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes what was written under the other name, if it is still there. */
    public static void remove(Path file) {
        try {
            Files.deleteIfExists(aside(file));
        } catch (IOException e) {
            throw refused(file, e);
        }
    }

    /** That the file cannot be written, and why. */
    public static UserException refused(Path file, Exception e) {
        return new UserException("cannot write " + file + ": " + reason(e), e);
    }

    /** Why a file cannot be written, without names of classes. */
    public static String reason(Exception e) {
        Throwable cause = e instanceof UncheckedIOException && e.getCause() != null ? e.getCause() : e;
        if (cause instanceof NoSuchFileException) {
            return "its folder does not exist";
        }
        if (cause instanceof AccessDeniedException) {
            return "no right to write there";
        }
        String reason = cause instanceof FileSystemException named ? named.getReason() : null;
        return reason == null ? String.valueOf(cause.getMessage()) : reason;
    }

    private static String kind(Path file) {
        if (Files.isSymbolicLink(file)) {
            return "symbolic link";
        }
        return Files.isDirectory(file) ? "folder" : "device";
    }
}
