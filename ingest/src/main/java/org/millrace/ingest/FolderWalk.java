package org.millrace.ingest;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Goes through a folder, holding the names of the folders on the way only. A link to a file within the folder is read; links to
 * folders and links that lead outside are not followed.
 */
final class FolderWalk implements EntryReader {
    private final SourceEntry.SourceName sourceName;
    private final Path root;
    private final Path realRoot;
    private final Deque<Iterator<Path>> open = new ArrayDeque<>();

    FolderWalk(SourceEntry.SourceName sourceName, Path root) throws SourceException {
        this.sourceName = sourceName;
        this.root = root;
        try {
            this.realRoot = root.toRealPath();
        } catch (IOException e) {
            throw cannotList(root, e);
        }
        open.push(list(root));
    }

    @Override
    public Optional<SourceEntry> next() throws IOException {
        while (!open.isEmpty()) {
            if (!open.element().hasNext()) {
                open.pop();
                continue;
            }
            Path path = open.element().next();
            if (Junk.isJunk(nameOf(path))) {
                continue;
            }
            BasicFileAttributes attributes = attributes(path);
            if (attributes.isDirectory()) {
                open.push(list(path));
                continue;
            }
            return Optional.of(entry(path, attributes));
        }
        return Optional.empty();
    }

    @Override
    public void close() {}

    private static BasicFileAttributes attributes(Path path) throws SourceException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw cannotList(path, e);
        }
    }

    private SourceEntry entry(Path path, BasicFileAttributes attributes) {
        String name =
                root.relativize(path).toString().replace(path.getFileSystem().getSeparator(), "/");
        Path parent = root.equals(path.getParent()) ? realRoot : path.getParent();
        return new SourceEntry(
                SourceEntry.Origin.inFolder(sourceName, name),
                parent == null ? null : nameOf(parent),
                null,
                attributes.lastModifiedTime().toInstant(),
                attributes.isSymbolicLink()
                        ? limit -> readLinked(path, limit)
                        : limit -> FileReading.read(path, limit, LinkOption.NOFOLLOW_LINKS));
    }

    private Content readLinked(Path link, int limit) throws IOException {
        Path target;
        try {
            target = link.toRealPath();
        } catch (IOException e) {
            throw new UnreadableEntryException("cannot be read: a link to nothing");
        }
        if (!target.startsWith(realRoot)) {
            throw new UnreadableEntryException(
                    "cannot be read: a link that leads outside the folder; push what it points to by its own path");
        }
        if (Files.isDirectory(target)) {
            throw new UnreadableEntryException("cannot be read: a link to a folder, which is not followed");
        }
        return FileReading.read(target, limit, LinkOption.NOFOLLOW_LINKS);
    }

    private static Iterator<Path> list(Path folder) throws SourceException {
        List<Path> paths = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(paths::add);
        } catch (DirectoryIteratorException e) {
            throw cannotList(folder, Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw cannotList(folder, e);
        }
        paths.sort(Comparator.comparing(FolderWalk::nameOf));
        return Collections.unmodifiableList(paths).iterator();
    }

    private static String nameOf(Path path) {
        Path name = path.getFileName();
        return name == null ? path.toString() : name.toString();
    }

    private static SourceException cannotList(Path path, IOException e) {
        return new SourceException("push: %s cannot be read: %s".formatted(path, FileReading.why(e)), e);
    }
}
