package org.millrace.ingest.source;

import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.OutsideText;

/**
 * A file of a source, not read yet.
 *
 * @param folder name of the folder it lies in, if any
 * @param ownLabel the label that its source knows, if any
 * @param modified when the file was last written or the camera's frame arrived, if known
 */
public record SourceEntry(
        Origin origin,
        @Nullable String folder,
        @Nullable String ownLabel,
        @Nullable Instant modified,
        Reading reading) {
    /** Reads the entry's bytes; only before the next entry is asked for, unless the source can be read in any order. */
    @FunctionalInterface
    public interface Reading {
        /**
         * @param limit bytes of the largest entry that is read whole
         * @throws UnreadableEntryException if this entry cannot be read, though others can
         * @throws IOException if the source is damaged
         */
        Content read(int limit) throws IOException;
    }

    /** The same entry with its content held in memory. */
    public SourceEntry holding(Reading held) {
        return new SourceEntry(origin, folder, ownLabel, modified, held);
    }

    /**
     * The address of an entry. Its parts are names only: nothing is read or written at them.
     *
     * @param source the path of the source as the user gave it
     * @param name the entry's name within the source, separated by {@code /}
     * @param position {@code path[!entry]}
     * @param id the image's id
     */
    public record Origin(String source, String name, String position, String id) {
        static Origin inArchive(SourceName archive, String name) {
            String bounded = name.length() <= Names.LONGEST + 1 ? name : name.substring(0, Names.LONGEST + 1);
            return new Origin(
                    archive.path(),
                    bounded,
                    archive.path() + "!" + bounded,
                    OutsideText.of(archive.id() + "!" + bounded));
        }

        static Origin inFolder(SourceName folder, String name) {
            return new Origin(
                    folder.path(), name, folder.path() + "/" + name, OutsideText.of(folder.id() + "/" + name));
        }

        static Origin file(String path) {
            String slashed = path.replace('\\', '/');
            return new Origin(path, slashed.substring(slashed.lastIndexOf('/') + 1), path, OutsideText.of(path));
        }

        /** The name of the folder that the name puts the entry in, if any. */
        public @Nullable String folder() {
            String[] parts = name.split("/", -1);
            return parts.length >= 2 ? parts[parts.length - 2] : null;
        }
    }

    /**
     * What a source is called.
     *
     * @param path as the user gave it
     * @param id the beginning of its entries' ids: the path's last name, or the whole path where two sources share that name
     */
    public record SourceName(String path, String id) {}
}
