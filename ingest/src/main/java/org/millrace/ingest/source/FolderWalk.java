package org.millrace.ingest.source;

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
import org.millrace.contract.FileNames;

/**
 * Goes through a folder, holding the names of the folders on the way only. A link to a file within the folder is read; links to
 * folders and links that lead outside are not followed.
 */
final class FolderWalk implements EntryReader {
    private final SourceEntry.SourceName sourceName;
    private final Path realRoot;
    private final Deque<Iterator<Named>> open = new ArrayDeque<>();

    /** @param inner the path's names from the root on */
    private record Named(Path path, String inner) {}

    FolderWalk(SourceEntry.SourceName sourceName, Path root) throws SourceException {
        this.sourceName = sourceName;
        try {
            this.realRoot = root.toRealPath();
        } catch (IOException e) {
            throw cannotList(root, e);
        }
        open.push(list(root, ""));
    }

    @Override
    public Optional<SourceEntry> next() throws IOException {
        while (!open.isEmpty()) {
            if (!open.element().hasNext()) {
                open.pop();
                continue;
            }
            Named file = open.element().next();
            BasicFileAttributes attributes = attributes(file.path());
            if (attributes.isDirectory()) {
                open.push(list(file.path(), file.inner() + "/"));
                continue;
            }
            return Optional.of(entry(file, attributes));
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

    private SourceEntry entry(Named file, BasicFileAttributes attributes) {
        Path path = file.path();
        SourceEntry.Origin origin = SourceEntry.Origin.inFolder(sourceName, file.inner());
        String folder = origin.folder();
        return new SourceEntry(
                origin,
                folder == null ? FileNames.name(realRoot) : folder,
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

    /** @param prefix what the inner paths of its files begin with */
    private static Iterator<Named> list(Path folder, String prefix) throws SourceException {
        List<Named> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            for (Path path : stream) {
                String name = FileNames.name(path);
                if (!Junk.isJunk(name)) {
                    files.add(new Named(path, prefix + name));
                }
            }
        } catch (DirectoryIteratorException e) {
            throw cannotList(folder, Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw cannotList(folder, e);
        }
        files.sort(Comparator.comparing(Named::inner));
        return Collections.unmodifiableList(files).iterator();
    }

    private static SourceException cannotList(Path path, IOException e) {
        return new SourceException(
                "push: %s cannot be read: %s".formatted(FileNames.text(path), FileReading.why(e)), e);
    }
}
