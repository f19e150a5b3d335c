package org.millrace.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.millrace.contract.FileNames;
import org.millrace.contract.UserException;

/** Finds the kind of source that a path is: by what the file begins with, or by its name where that does not decide. */
public final class ImageSources {
    /** The path that stands for file names on standard input. */
    public static final String STANDARD_INPUT = "-";

    private static final int HEAD_BYTES = 512;
    private static final int TAR_MAGIC_AT = 257;

    private ImageSources() {}

    /**
     * The sources at these paths, each checked to exist; none is open yet.
     *
     * @param standardInput file names, read where the paths have {@code -}; stays open
     * @param keepNames whether the names on standard input are read more than once
     * @param idxLabels the labels file of an IDX file of images, if any
     * @throws UserException if a path does not exist or cannot be read
     */
    public static List<ImageSource> of(
            List<String> paths,
            InputStream standardInput,
            boolean keepNames,
            Function<Path, Optional<Path>> idxLabels) {
        Map<String, Integer> lastNames = new HashMap<>();
        paths.forEach(path -> lastNames.merge(lastName(path), 1, Integer::sum));
        List<ImageSource> sources = new ArrayList<>();
        for (String path : paths) {
            String lastName = lastName(path);
            String id = Integer.valueOf(1).equals(lastNames.get(lastName)) ? lastName : path;
            sources.add(
                    path.equals(STANDARD_INPUT)
                            ? new NamesSource(standardInput, keepNames)
                            : of(new SourceEntry.SourceName(trimmed(path), trimmed(id)), idxLabels));
        }
        return List.copyOf(sources);
    }

    /** Whether the file holds labels in the IDX format. */
    public static boolean isIdxLabels(Path file) {
        try {
            return file.toString().toLowerCase(Locale.ROOT).contains("idx1")
                    || ByteBuffer.wrap(head(file, Compression.of(raw(file, HEAD_BYTES))))
                                    .getInt()
                            == IdxFile.LABELS;
        } catch (IOException | java.nio.BufferUnderflowException e) {
            return false;
        }
    }

    private static ImageSource of(SourceEntry.SourceName name, Function<Path, Optional<Path>> idxLabels) {
        Path path = existing(name.path());
        if (Files.isDirectory(path)) {
            return new FolderSource(name);
        }
        try {
            byte[] raw = raw(path, HEAD_BYTES);
            Optional<String> foreign = Magic.foreign(raw);
            if (foreign.isPresent()) {
                throw new UserException(
                        "push: %s is %s, which Millrace does not read: unpack it and push the folder, or pack the images as .tar or .zip"
                                .formatted(name.path(), foreign.get()));
            }
            Compression compression = Compression.of(raw);
            byte[] head = compression == Compression.NONE ? raw : head(path, compression);
            String lower = name.path().toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|bz2|xz|zst)$", "");
            if (Magic.begins(raw, 0, "PK\3\4") || Magic.begins(raw, 0, "PK\5\6")) {
                return new ZipSource(name);
            }
            if (isIdx(lower, head) && (compression == Compression.NONE || compression == Compression.GZIP)) {
                return new IdxSource(name, idxLabels.apply(path).orElse(null));
            }
            if (Magic.begins(head, TAR_MAGIC_AT, "ustar") || lower.matches(".*\\.(tar|tgz|tbz2?|txz|tzst)")) {
                return new TarSource(name, compression);
            }
            if (lower.endsWith(".zip")) {
                throw new UserException(
                        "push: %s is not a zip file: it does not begin like one".formatted(name.path()));
            }
            if (compression != Compression.NONE) {
                throw new UserException("push: %s is compressed with %s, but holds %s"
                        .formatted(
                                name.path(),
                                compression.words(),
                                compression == Compression.GZIP ? "neither a tar nor an IDX file" : "no tar"));
            }
            return new FileSource(name.path());
        } catch (IOException e) {
            throw new UserException("push: %s cannot be read: %s".formatted(name.path(), FileReading.why(e)), e);
        }
    }

    private static Path existing(String given) {
        Optional<Path> path = Optional.empty();
        try {
            path = Optional.of(given)
                    .filter(text -> !text.isBlank())
                    .map(FileNames::path)
                    .filter(Files::exists);
        } catch (InvalidPathException e) {
            // not a path on this system, so there is no such file
        }
        return path.orElseThrow(() -> new UserException("push: no such file or folder: %s".formatted(given)));
    }

    private static boolean isIdx(String lowerName, byte[] head) {
        boolean named = lowerName.endsWith(".idx") || lowerName.matches(".*idx\\d-ubyte");
        return named
                || (head.length >= 4 && head[0] == 0 && head[1] == 0 && head[2] == 8 && head[3] >= 1 && head[3] <= 4);
    }

    /** The first bytes, after decompression where the file is compressed; fewer if the file is shorter or damaged. */
    private static byte[] head(Path path, Compression compression) throws IOException {
        try (InputStream in = Files.newInputStream(path);
                InputStream expanded = compression.open(in)) {
            return expanded.readNBytes(HEAD_BYTES);
        } catch (IOException | RuntimeException e) {
            if (compression == Compression.NONE) {
                throw e;
            }
            return new byte[0]; // the reader chosen by its name reports what is wrong
        }
    }

    private static byte[] raw(Path path, int length) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            return in.readNBytes(length);
        }
    }

    private static String lastName(String path) {
        try {
            Path absolute = FileNames.path(path).toAbsolutePath().normalize();
            return absolute.getFileName() == null ? path : FileNames.name(absolute);
        } catch (InvalidPathException e) {
            return path;
        }
    }

    private static String trimmed(String path) {
        return path.length() > 1 ? path.replaceFirst("/+$", "") : path;
    }
}
