package org.millrace.ingest.source;

import java.io.IOException;
import java.util.OptionalLong;
import org.millrace.contract.image.ImageFormat;

/** A place that images come from. Each opening starts at its beginning; no entry is ever written to disk. */
public sealed interface ImageSource
        permits FolderSource, TarSource, ZipSource, IdxSource, FileSource, NamesSource, FrameSource {
    /** As the user named it. */
    String path();

    /** Whether entries can be read in any order until their reader is closed; otherwise only before the next one is asked for. */
    default boolean readInAnyOrder() {
        return true;
    }

    /** A reader at the first entry; the caller closes it. */
    EntryReader open() throws IOException;

    /** How many entries it holds; empty where counting means decompressing them. */
    default OptionalLong count() throws IOException {
        long count = 0;
        try (EntryReader entries = open()) {
            while (entries.next().isPresent()) {
                count++;
            }
        }
        return OptionalLong.of(count);
    }

    /** For a source that has no entry. */
    default SourceException holdsNothing() {
        return new SourceException(
                "push: %s holds no files; wanted images (%s)".formatted(path(), ImageFormat.titles()));
    }
}
