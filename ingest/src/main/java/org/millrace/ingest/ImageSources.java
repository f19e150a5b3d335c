package org.millrace.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.millrace.contract.UserException;

/** Tells what kind of source a path is: by what the file begins with, and by its name where that does not say. */
final class ImageSources {
    private static final int TAR_MAGIC_AT = 257;

    private ImageSources() {}

    /**
     * The sources of a request, each seen to exist; nothing of them is open yet.
     *
     * @throws UserException if a path does not exist, cannot be read, or does not fit the labels asked for
     */
    static List<ImageSource> of(PushRequest request, InputStream standardInput) {
        Map<String, Integer> lastNames = new HashMap<>();
        request.paths().forEach(path -> lastNames.merge(lastName(path), 1, Integer::sum));
        List<ImageSource> sources = new ArrayList<>();
        for (String path : request.paths()) {
            String lastName = lastName(path);
            String id = Integer.valueOf(1).equals(lastNames.get(lastName)) ? lastName : path;
            sources.add(
                    path.equals(PushRequest.STANDARD_INPUT)
                            ? new NamesSource(standardInput, request.repeat() > 1)
                            : of(new SourceEntry.SourceName(trimmed(path), trimmed(id)), request.labels()));
        }
        checkLabels(request.labels(), sources);
        return List.copyOf(sources);
    }

    /** Whether the file holds labels in the IDX format. */
    static boolean isIdxLabels(Path file) {
        try {
            return file.toString().toLowerCase(Locale.ROOT).contains("idx1")
                    || ByteBuffer.wrap(head(file, 4)).getInt() == IdxFile.LABELS;
        } catch (IOException | java.nio.BufferUnderflowException e) {
            return false;
        }
    }

    private static ImageSource of(SourceEntry.SourceName name, Labels labels) {
        Path path = existing(name.path());
        if (Files.isDirectory(path)) {
            return new FolderSource(name);
        }
        try {
            byte[] raw = raw(path, 4);
            boolean gzip = begins(raw, 0, "\u001f\u008b");
            byte[] head = gzip ? head(path, 512) : raw(path, 512);
            String lower = name.path().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
            if (begins(raw, 0, "PK\3\4") || begins(raw, 0, "PK\5\6")) {
                return new ZipSource(name);
            }
            if (isIdx(lower, head)) {
                return new IdxSource(name, idxLabels(path, labels).orElse(null));
            }
            if (begins(head, TAR_MAGIC_AT, "ustar") || lower.endsWith(".tar") || lower.endsWith(".tgz")) {
                return new TarSource(name, gzip);
            }
            if (lower.endsWith(".zip")) {
                throw new UserException("push: %s is no zip file: it does not begin as one".formatted(name.path()));
            }
            if (gzip) {
                throw new UserException("push: %s is compressed with gzip, but holds neither a tar nor an IDX file"
                        .formatted(name.path()));
            }
            return new FileSource(name.path());
        } catch (IOException e) {
            throw new UserException("push: %s cannot be read: %s".formatted(name.path(), FileReading.why(e)), e);
        }
    }

    private static Path existing(String given) {
        Optional<Path> path = Optional.empty();
        try {
            path = Optional.of(Path.of(given)).filter(Files::exists);
        } catch (InvalidPathException e) {
            // no path of this system, so there is no such file
        }
        return path.orElseThrow(() -> new UserException("push: no such file or folder: %s".formatted(given)));
    }

    private static boolean isIdx(String lowerName, byte[] head) {
        boolean named = lowerName.endsWith(".idx") || lowerName.matches(".*idx\\d-ubyte");
        return named
                || (head.length >= 4 && head[0] == 0 && head[1] == 0 && head[2] == 8 && head[3] >= 1 && head[3] <= 4);
    }

    private static Optional<Path> idxLabels(Path images, Labels labels) {
        if (labels instanceof Labels.FromFolder) {
            throw new UserException(
                    "push: %s is an IDX file, whose images lie in no folder: give --labels its labels file, or leave it out"
                            .formatted(images));
        }
        if (labels instanceof Labels.FromFile file && isIdxLabels(file.file())) {
            return Optional.of(file.file());
        }
        return labels instanceof Labels.Automatic ? IdxSource.labelsBeside(images) : Optional.empty();
    }

    private static void checkLabels(Labels labels, List<ImageSource> sources) {
        if (!(labels instanceof Labels.FromFile file)) {
            return;
        }
        if (!Files.isRegularFile(file.file())) {
            throw new UserException(
                    "push: no such file of labels: %s. --labels is folder, none, auto, or a CSV or IDX file"
                            .formatted(file.file()));
        }
        if (isIdxLabels(file.file()) && !(sources.size() == 1 && sources.get(0) instanceof IdxSource)) {
            throw new UserException(
                    "push: --labels %s holds IDX labels, which fit exactly one IDX file of images, but got %s"
                            .formatted(
                                    file.file(),
                                    sources.stream().map(ImageSource::path).toList()));
        }
    }

    /** The first bytes, after decompression where the file is compressed with gzip; fewer if the file is shorter or damaged. */
    private static byte[] head(Path path, int length) throws IOException {
        byte[] raw = raw(path, 4);
        if (!begins(raw, 0, "\u001f\u008b")) {
            return raw(path, length);
        }
        try (InputStream in = Files.newInputStream(path);
                InputStream inflated = new GZIPInputStream(in)) {
            return inflated.readNBytes(length);
        } catch (java.util.zip.ZipException | java.io.EOFException e) {
            return new byte[0]; // reading it as what its name says tells what is wrong
        }
    }

    private static byte[] raw(Path path, int length) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            return in.readNBytes(length);
        }
    }

    private static boolean begins(byte[] bytes, int at, String latin) {
        return bytes.length >= at + latin.length()
                && new String(bytes, at, latin.length(), StandardCharsets.ISO_8859_1).equals(latin);
    }

    private static String lastName(String path) {
        try {
            Path absolute = Path.of(path).toAbsolutePath().normalize();
            return absolute.getFileName() == null
                    ? path
                    : absolute.getFileName().toString();
        } catch (InvalidPathException e) {
            return path;
        }
    }

    private static String trimmed(String path) {
        return path.length() > 1 ? path.replaceFirst("/+$", "") : path;
    }
}
