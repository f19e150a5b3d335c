package org.millrace.app.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A piece of a partition's log on the embedded broker's disk that is no longer written to. The broker frees it once all its records are given
 * up.
 *
 * @param to behind its last offset
 * @param bytes on disk
 * @param writtenMillis Unix time of its last record's arrival
 */
record Segment(TopicPartition partition, long to, long bytes, long writtenMillis) {
    private static final Logger LOG = LoggerFactory.getLogger(Segment.class);
    private static final String NAME = "\\d{20}\\.log"; // its first offset

    /** All of a partition but the last one, which is written to, oldest first; those that are being deleted are left out. */
    static List<Segment> of(Path broker, TopicPartition partition) {
        List<Path> files = files(broker.resolve(partition.toString()));
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i + 1 < files.size(); i++) {
            Path file = files.get(i);
            try {
                segments.add(new Segment(
                        partition,
                        first(files.get(i + 1)),
                        Files.size(file),
                        Files.getLastModifiedTime(file).toMillis()));
            } catch (NoSuchFileException e) {
                LOG.debug("the broker has freed {} meanwhile", file, e);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return segments;
    }

    private static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches(NAME))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long first(Path file) {
        String name = file.getFileName().toString();
        return Long.parseLong(name.substring(0, name.indexOf('.')));
    }
}
