package org.millrace.ingest.watch;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes the waiting thread when something happens in a folder or below it. It may miss things, as where the system's watches run out or the
 * folder is on a network: it only saves waiting. Used by one thread, which closes it.
 */
public final class FolderEvents implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FolderEvents.class);

    private final WatchService service;

    private FolderEvents(WatchService service) {
        this.service = service;
    }

    public static FolderEvents of(Path folder) throws IOException {
        FolderEvents events = new FolderEvents(folder.getFileSystem().newWatchService());
        events.register(folder);
        return events;
    }

    /** Waits until something happens, at most that long. */
    public void await(long millis) throws InterruptedException {
        WatchKey key = service.poll(millis, TimeUnit.MILLISECONDS);
        while (key != null) {
            for (WatchEvent<?> event : key.pollEvents()) {
                if (event.kind() == StandardWatchEventKinds.ENTRY_CREATE
                        && key.watchable() instanceof Path folder
                        && event.context() instanceof Path name
                        && Files.isDirectory(folder.resolve(name))) {
                    register(folder.resolve(name));
                }
            }
            key.reset();
            key = service.poll();
        }
    }

    @Override
    public void close() throws IOException {
        service.close();
    }

    private void register(Path top) {
        try {
            Files.walkFileTree(top, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
                        throws IOException {
                    folder.register(
                            service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException | ClosedWatchServiceException e) {
            log.debug("{} is looked at now and then only", top, e);
        }
    }
}
