package org.millrace.ingest.source;

import org.millrace.contract.FileNames;

/** The files of a folder and the folders in it, in the order of their names, folder by folder. */
public record FolderSource(SourceEntry.SourceName sourceName) implements ImageSource {
    @Override
    public String path() {
        return sourceName.path();
    }

    @Override
    public EntryReader open() throws SourceException {
        return new FolderWalk(sourceName, FileNames.path(sourceName.path()));
    }
}
