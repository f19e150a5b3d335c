package org.millrace.ingest;

import java.io.IOException;

/** A place that images come from. Each opening begins at its beginning; no entry is ever written to disk. */
sealed interface ImageSource permits FolderSource, TarSource, ZipSource, IdxSource, FileSource, NamesSource {
    /** As the user named it. */
    String path();

    /** Whether entries can be read in any order until their reader is closed; else only before the next one is asked for. */
    boolean readInAnyOrder();

    EntryReader open() throws IOException;
}
