package org.millrace.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.util.Enumeration;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.millrace.contract.FileNames;

/** A zip file, in the order of its directory. */
record ZipSource(SourceEntry.SourceName sourceName) implements ImageSource {
    @Override
    public String path() {
        return sourceName.path();
    }

    @Override
    public EntryReader open() throws IOException {
        return new Reader(sourceName);
    }

    private static final class Reader implements EntryReader {
        private final SourceEntry.SourceName sourceName;
        private final ZipFile zip;
        private final ZipNames names;
        private final Enumeration<ZipArchiveEntry> entries;

        Reader(SourceEntry.SourceName sourceName) throws IOException {
            this.sourceName = sourceName;
            try {
                zip = ZipFile.builder()
                        .setPath(FileNames.path(sourceName.path()))
                        .get();
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (IOException | RuntimeException e) { // the reader meets some damage with unchecked exceptions
                throw new SourceException(
                        "push: %s is damaged or cut short as a zip file: %s"
                                .formatted(sourceName.path(), FileReading.why(e)),
                        e);
            }
            names = ZipNames.of(zip);
            entries = zip.getEntries();
        }

        @Override
        public Optional<SourceEntry> next() {
            while (entries.hasMoreElements()) {
                ZipArchiveEntry entry = entries.nextElement();
                String name = names.of(entry);
                String shown = name.startsWith("./") ? name.substring(2) : name;
                if (!entry.isDirectory() && !Junk.isJunk(shown)) {
                    var origin = SourceEntry.Origin.inArchive(sourceName, shown);
                    return Optional.of(
                            new SourceEntry(origin, origin.folder(), null, null, limit -> read(entry, limit)));
                }
            }
            return Optional.empty();
        }

        @Override
        public void close() throws IOException {
            zip.close();
        }

        private Content read(ZipArchiveEntry entry, int limit) throws IOException {
            if (entry.isUnixSymlink()) {
                throw new UnreadableEntryException("cannot be read: a link, which is not followed");
            }
            if (!zip.canReadEntryData(entry)) {
                throw new UnreadableEntryException(
                        "cannot be read: encrypted, or compressed in a way that is not known");
            }
            var crc = new CRC32();
            try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc)) {
                Content content = Content.read(in, entry.getSize(), limit);
                if (content.isWhole() && crc.getValue() != entry.getCrc()) {
                    throw new IOException("its checksum is wrong");
                }
                return content;
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (IOException | RuntimeException e) {
                throw new SourceException(
                        "push: %s is damaged or cut short as a zip file: entry '%s': %s"
                                .formatted(sourceName.path(), Names.shown(names.of(entry)), FileReading.why(e)),
                        e);
            }
        }
    }
}
