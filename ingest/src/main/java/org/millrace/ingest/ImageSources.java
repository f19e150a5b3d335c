package org.millrace.ingest;

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
import org.millrace.contract.FileNames;
import org.millrace.contract.UserException;

/** Tells what kind of source a path is: by what the file begins with, and by its name where that does not say. */
final class ImageSources {
    private static final int HEAD_BYTES = 512;
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
                            ? new NamesSource(
                                    standardInput, request.repeat() > 1 || request.labels() instanceof Labels.FromFile)
                            : of(new SourceEntry.SourceName(trimmed(path), trimmed(id)), request.labels()));
        }
        checkLabels(request.labels(), sources);
        return List.copyOf(sources);
    }

    /** Whether the file holds labels in the IDX format. */
    static boolean isIdxLabels(Path file) {
        try {
            return file.toString().toLowerCase(Locale.ROOT).contains("idx1")
                    || ByteBuffer.wrap(head(file, Compression.of(raw(file, HEAD_BYTES))))
                                    .getInt()
                            == IdxFile.LABELS;
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
                return new IdxSource(name, idxLabels(path, labels).orElse(null));
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
            path = Optional.of(FileNames.path(given)).filter(Files::exists);
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

    /** The first bytes, after decompression where the file is compressed; fewer if the file is shorter or damaged. */
    private static byte[] head(Path path, Compression compression) throws IOException {
        try (InputStream in = Files.newInputStream(path);
                InputStream expanded = compression.open(in)) {
            return expanded.readNBytes(HEAD_BYTES);
        } catch (IOException | RuntimeException e) {
            if (compression == Compression.NONE) {
                throw e;
            }
            return new byte[0]; // reading it as what its name says tells what is wrong
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
